"""Every number of the records that tables show, and the costs of their runs, a row each."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from typing import Any

import pandas as pd

from reports.costs.run_costs import run_costs
from reports.evidence.load import Evidence
from reports.frame_rows import frame_rows, is_missing

Row = tuple[str, int | None, str, float]


def tidy_frame(evidence: Evidence) -> pd.DataFrame:
    """Columns run, seed, metric, value. Metrics as in records; costs are of a run, not of a seed,
    and have none."""
    metrics: list[Row] = [
        (record.run, record.seed, name, float(value))
        for record in evidence.records
        for name, value in record.metrics.items()
        if isinstance(value, int | float)
    ]
    rows = pd.DataFrame(metrics + _costs(evidence), columns=["run", "seed", "metric", "value"])
    return rows.astype({"seed": "Int64"}).round(6)


def _costs(evidence: Evidence) -> list[Row]:
    runs = list(dict.fromkeys(row.run for one in evidence.tables for row in one.table.rows))
    found = evidence.costs
    frame = run_costs(runs, found.costs, found.speed, evidence.records)
    cells: list[dict[str, Any]] = frame_rows(frame)
    return [
        (run, None, name, value)
        for run, row in zip(runs, cells, strict=True)
        for name, value in row.items()
        if not is_missing(value)
    ]
