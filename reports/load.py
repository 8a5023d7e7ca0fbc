"""Results as data frames, in one line: `reports.load.tables("mini")["1a"]`, `tidy("mini")`."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from pathlib import Path

import pandas as pd

from experiments.stages.layout import ROOT, Layout


def tables(profile: str, root: Path = ROOT) -> dict[str, pd.DataFrame]:
    """By name, the tables that the page was built with: 1a ... 2 with AP, costs and FPS, 1f,
    1c-costs, speed, claims, difficulty, all."""
    folder = Layout(profile, root).tables
    return {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}


def tidy(profile: str, root: Path = ROOT) -> pd.DataFrame:
    """Every number of the records behind the page, a row each: run, seed, metric, value; costs of a
    run have no seed."""
    return pd.read_csv(Layout(profile, root).tables / "all.csv", dtype={"seed": "Int64"})
