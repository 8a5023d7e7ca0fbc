"""Results as data frames, in one line: `reports.load.tables("mini")["1a"]`, `tidy("mini")`."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import json
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.stages.layout import ROOT, Layout


def tables(profile: str, root: Path = ROOT) -> dict[str, pd.DataFrame]:
    """By name, the tables that the page was built with: 1a ... 2, 1f-costs, claims, difficulty."""
    folder = Layout(profile, root).tables
    return {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}


def tidy(profile: str, root: Path = ROOT) -> pd.DataFrame:
    """Every number of the committed records, a row each: run, seed, metric, value."""
    paths = sorted((root / "results" / profile / "records").glob("*.json"))
    rows = [row for path in paths for row in _rows(json.loads(path.read_text(encoding="utf-8")))]
    return pd.DataFrame(rows, columns=["run", "seed", "metric", "value"])


def _rows(record: dict[str, Any]) -> list[tuple[str, int, str, float]]:
    metrics: dict[str, Any] = record["evaluate"]["metrics"]
    return [
        (record["run"], record["seed"], name, float(value))
        for name, value in metrics.items()
        if isinstance(value, int | float)
    ]
