"""Result tables as people read them: cells of text, the paper's beside ours. No markup here."""
# pyright: reportMissingTypeStubs=false

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.evidence.load import TableEvidence
from reports.frame_rows import frame_rows, is_missing
from reports.mechanism.aligning import Aligning, aligning
from reports.numbers import NOTHING, number, probability, signed
from reports.records.run_record import METRICS, by_run
from reports.statistics.rank_order import kendall

MOTION = ("motion error (not looking)", "motion correlation")
# of a flow network that sees no more motion on clean frames than who takes nothing to move
BLIND = "sees no motion here"


@dataclass(frozen=True)
class TableRow:
    """cells: the label columns; AP: the mean, or why there is none; std: its deviation over seeds;
    video_error: standard error over videos; metrics: the others of METRICS; motion: end-point error
    and correlation of where the module looks, in tables that ask for the mechanism."""

    run: str
    cells: list[str]
    present: bool
    published: str
    AP: str
    std: str
    video_error: str
    metrics: list[str]
    motion: list[str]
    published_gain: str
    gain: str
    over: str  # the run that the gain is over, if any
    seeds: str


@dataclass(frozen=True)
class TableCells:
    """labels, metrics, motion: names of columns; order: how the rows' order agrees with the
    published one, in a sentence; problems: lines on records left out; code: lines on records of
    other code."""

    id: str
    paper: str
    title: str
    labels: list[str]
    metrics: list[str]
    motion: list[str]
    rows: list[TableRow]
    order: str
    problems: list[str]
    code: list[str]


def table_cells(found: TableEvidence) -> TableCells:
    table = found.table
    labels = list(dict.fromkeys(name for row in table.rows for name in row.cells))
    return TableCells(
        id=table.id,
        paper=table.paper,
        title=table.title,
        labels=labels,
        metrics=list(METRICS[1:]),
        motion=list(MOTION) if table.mechanism else [],
        rows=[_row(row, labels, found) for row in frame_rows(found.frame)],
        order=order(found.frame),
        problems=found.left_out,
        code=found.code,
    )


def order(frame: pd.DataFrame) -> str:
    """How far the rows' order by AP agrees with the published one; empty for fewer than three."""
    pairs = [(row["published"], row["AP"]) for row in frame_rows(frame)]
    both = [pair for pair in pairs if not any(map(is_missing, pair))]
    found = kendall([published for published, _ in both], [ours for _, ours in both])
    if found is None:
        return ""
    tau, p = found
    return (
        f"Order of {len(both)} rows by AP against the published one: Kendall's τ {signed(tau, 2)} "
        f"(1: the same, −1: reversed; p {probability(p)})."
    )


def _row(row: dict[str, Any], labels: list[str], found: TableEvidence) -> TableRow:
    present = row["status"] == "run"
    own = list(by_run(found.records).get(row["run"], {}).values())
    aligns = aligning(own) if found.table.mechanism else None
    blind = isinstance(aligns, Aligning) and aligns.is_blind
    cells = [_label(row.get(name)) for name in labels]
    return TableRow(
        run=row["run"],
        cells=[f"{cells[0]} ({BLIND})", *cells[1:]] if blind else cells,
        present=present,
        published=number(row["published"]),
        AP=number(row["AP"]) if present else row["status"],
        std=number(row["AP_std"]),
        video_error=number(row["AP_bootstrap_se"]),
        metrics=[number(row[name]) for name in METRICS[1:]],
        motion=[] if aligns is None else motion_cells(aligns),
        published_gain=signed(row["published_gain"]),
        gain=signed(row["gain"]),
        over="" if is_missing(row["gain_over"]) else row["gain_over"],
        seeds=row["seed_ids"].replace(" ", ", ").replace("-", " ") or NOTHING,
    )


def motion_cells(aligns: Aligning | str) -> list[str]:
    """In the order of MOTION."""
    if isinstance(aligns, str):
        return [aligns, NOTHING]
    error = f"{number(aligns.error, 2)} ({number(aligns.none, 2)})"
    return [error, number(aligns.correlation, 2)]


def _label(value: Any) -> str:
    text = "" if is_missing(value) else str(value)
    return NOTHING if text == "-" else text
