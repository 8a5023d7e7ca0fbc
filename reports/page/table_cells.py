"""Result tables as people read them: cells of text, the paper's beside ours. No markup here."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.evidence.load import TableEvidence
from reports.frame_rows import frame_rows, is_missing
from reports.numbers import NOTHING, number, probability, signed
from reports.records.run_record import METRICS
from reports.statistics.rank_order import kendall


@dataclass(frozen=True)
class TableRow:
    """cells: the label columns; AP: the mean, or why there is none; std: its deviation over seeds;
    video_error: standard error over videos; metrics: the others of METRICS."""

    run: str
    cells: list[str]
    present: bool
    published: str
    AP: str
    std: str
    video_error: str
    metrics: list[str]
    published_gain: str
    gain: str
    seeds: str


@dataclass(frozen=True)
class TableCells:
    """labels, metrics: names of columns; order: how the rows' order agrees with the published one,
    in a sentence; problems: lines on records left out."""

    id: str
    paper: str
    title: str
    labels: list[str]
    metrics: list[str]
    rows: list[TableRow]
    order: str
    problems: list[str]


def table_cells(found: TableEvidence) -> TableCells:
    table = found.table
    labels = list(dict.fromkeys(name for row in table.rows for name in row.cells))
    return TableCells(
        id=table.id,
        paper=table.paper,
        title=table.title,
        labels=labels,
        metrics=list(METRICS[1:]),
        rows=[_row(row, labels) for row in frame_rows(found.frame)],
        order=order(found.frame),
        problems=found.left_out,
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


def _row(row: dict[str, Any], labels: list[str]) -> TableRow:
    present = row["status"] == "run"
    return TableRow(
        run=row["run"],
        cells=[_label(row.get(name)) for name in labels],
        present=present,
        published=number(row["published"]),
        AP=number(row["AP"]) if present else row["status"],
        std=number(row["AP_std"]),
        video_error=number(row["AP_bootstrap_se"]),
        metrics=[number(row[name]) for name in METRICS[1:]],
        published_gain=signed(row["published_gain"]),
        gain=signed(row["gain"]),
        seeds=row["seed_ids"].replace(" ", ", ").replace("-", " ") or NOTHING,
    )


def _label(value: Any) -> str:
    text = "" if is_missing(value) else str(value)
    return NOTHING if text == "-" else text
