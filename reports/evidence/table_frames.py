"""A published table with our measurements beside the paper's: a pure function of records."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from experiments.declared.tables import TRACKING, Row, Table
from reports.records.failed import FailedRun
from reports.records.run_record import (
    METRICS,
    NAN,
    Record,
    by_run,
    mean_metric,
    paired_differences,
)


def table_frame(
    table: Table, records: Sequence[Record], failed: Sequence[FailedRun] = ()
) -> pd.DataFrame:
    """The table, a row for each run in the manifest's order; `records` must be comparable.

    Metrics are means over seeds, in percent. AP_std is their sample deviation (ddof 1), gain the
    mean paired difference to the run gain_over over the seeds that both have, AP_bootstrap_se
    the mean over seeds of the standard error over videos (seeds share the videos). NaN is unknown.
    status is "run", "failed" or "not run". seed_ids names each seed: "0 1-own 2-failed".
    """
    return pd.DataFrame([_row(table, row, records, failed) for row in table.rows]).round(6)


def _row(
    table: Table, row: Row, records: Sequence[Record], failed: Sequence[FailedRun]
) -> dict[str, Any]:
    seeds = by_run(records).get(row.run, {})
    trained = list(seeds.values())
    failures = [one.seed for one in failed if one.run == row.run]
    baseline = table.baseline_of(row)
    gaps = paired_differences(records, row.run, baseline) if baseline else {}
    theirs = {one.run: one.published for one in table.rows}.get(baseline or "", {}).get("AP", NAN)
    known = row.published.get("AP", NAN)
    extra = {f"published_{name}": row.published.get(name, NAN) for name in _extra_metrics(table)}
    return {
        "run": row.run,
        **row.cells,
        **{name: mean_metric(trained, name) for name in (*METRICS, *_tracking(trained))},
        "AP_std": _deviation([record.metric("AP") for record in trained]),
        "seeds": len(trained),
        "seed_ids": _seed_ids(seeds, failures),
        "AP_bootstrap_se": mean_metric(trained, "AP_bootstrap_se"),
        "published": known,
        **extra,
        "gain": float(np.mean(list(gaps.values()))) if gaps else NAN,
        "published_gain": known - theirs,
        "gain_over": baseline,
        "status": "run" if trained else "failed" if failures else "not run",
    }


def _tracking(records: Sequence[Record]) -> list[str]:
    """Names of the tracking metrics in the records of a run; records from before December 2026 have
    none."""
    return [name for name in TRACKING if any(name in one.metrics for one in records)]


def _deviation(values: list[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else NAN


def _seed_ids(seeds: dict[int, Record], failures: list[int]) -> str:
    marks = dict.fromkeys(failures, "-failed")
    marks |= {seed: "-own" if record.made_here else "" for seed, record in seeds.items()}
    return " ".join(f"{seed}{marks[seed]}" for seed in sorted(marks))


def _extra_metrics(table: Table) -> list[str]:
    names = dict.fromkeys(name for row in table.rows for name in row.published)
    return [name for name in names if name != "AP"]
