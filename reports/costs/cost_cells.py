"""Costs as cells of text, without markup."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from reports.costs.cost_evidence import CostEvidence
from reports.costs.cost_frames import TOTALS, Costs, Shares, open_shares, parts_frame
from reports.costs.cost_words import differences
from reports.costs.speed_cells import SpeedSection, speed_section
from reports.frame_rows import frame_rows, is_missing
from reports.numbers import NOTHING, number, signed
from reports.paper.transcription import Paper
from reports.records.run_record import Record
from tpr.cost.conventions import Cost

GATES = ("closed", "min", "mean", "max", "open")  # for which each convention has a column
GATED_RUN = "blendmask-r50+tpr"  # whose parts and gates the page shows


@dataclass(frozen=True)
class CostRow:
    """published, executed: GFLOPs by GATES; paper: the paper's own."""

    label: str
    run: str
    over: str | None
    present: bool
    paper_AP: str
    AP: str
    paper_params: str
    params: str
    paper: list[str]
    published: list[str]
    executed: list[str]


@dataclass(frozen=True)
class CostTable:
    id: str
    title: str
    paper: list[str]  # names of the paper's cost columns
    rows: list[CostRow]


@dataclass(frozen=True)
class PartCost:
    part: str
    params: str
    executed: str
    published: str


@dataclass(frozen=True)
class OpenShare:
    """Share of the gated work that is done, in percent: over all levels, or at one."""

    level: str
    min: str
    mean: str
    max: str


@dataclass(frozen=True)
class PublicModel:
    """Parameters of a public model beside ours."""

    name: str
    classes: str
    parameters: str
    ours: str
    note: str


@dataclass(frozen=True)
class CostSection:
    """The section on costs; lists are empty where nothing has been measured."""

    measured: bool
    problems: list[str]
    tables: list[CostTable]
    differences: list[str]
    parts: list[PartCost]
    gated_run: str
    gates: list[OpenShare]
    size: str
    speed: SpeedSection | None
    public: list[PublicModel]


def cost_section(paper: Paper, evidence: CostEvidence, records: Sequence[Record]) -> CostSection:
    costs = evidence.costs
    return CostSection(
        measured=bool(costs),
        problems=evidence.problems,
        tables=[_table(paper, table, frame) for table, frame in evidence.frames.items()],
        differences=differences(paper, costs, records),
        parts=_parts(costs.get(GATED_RUN)),
        gated_run=GATED_RUN,
        gates=_gates(open_shares(records, GATED_RUN)),
        size=_size(costs),
        speed=speed_section(evidence.speed, paper) if evidence.speed else None,
        public=[_public(one) for one in evidence.public],
    )


def _public(one: dict[str, Any]) -> PublicModel:
    classes, parameters, ours = (f"{one[name]:,}" for name in ("classes", "parameters", "ours"))
    return PublicModel(one["name"], classes, parameters, ours, one["note"])


def _size(costs: Costs) -> str:
    sizes = {(*cost["size"][::-1], *cost["padded"][::-1]) for cost in costs.values()}
    return "; ".join(f"{w}×{h}, padded to {W}×{H}" for w, h, W, H in sorted(sizes))


def _table(paper: Paper, table: str, frame: pd.DataFrame) -> CostTable:
    gflops = [name for name in map(str, frame.columns) if name.startswith("paper_GFLOPs")]
    rows = [_row(row, gflops) for row in frame_rows(frame)]
    names = [name.removeprefix("paper_GFLOPs_") for name in gflops]
    return CostTable(table, paper.title(table), names, rows)


def _row(row: dict[str, Any], gflops: list[str]) -> CostRow:
    over = None if is_missing(row["over"]) else row["over"]
    show = signed if over else number
    present = row["status"] == "measured"
    published, executed = (
        [show(row[f"{convention}_{gates}"]) if present else NOTHING for gates in GATES]
        for convention in TOTALS
    )
    return CostRow(
        label=row["row"],
        run=row["run"],
        over=over,
        present=present,
        paper_AP=number(row["paper_AP"]),
        AP=number(row["AP"]),
        paper_params=show(row["paper_params"]),
        params=show(row["params"], 2) if present else "not run",
        paper=[show(row[name]) for name in gflops],
        published=published,
        executed=executed,
    )


def _parts(cost: Cost | None) -> list[PartCost]:
    """Costs by part, and their total."""
    if cost is None:
        return []
    frame = parts_frame(cost)
    names = ["params", "executed", "published"]
    rows = frame_rows(frame)
    rows.append({"part": "all"} | {name: frame[name].sum() for name in names})
    return [PartCost(row["part"], *(number(row[name], 2) for name in names)) for row in rows]


def _gates(shares: Shares | None) -> list[OpenShare]:
    return [
        OpenShare(level, *(number(100 * spread[name]) for name in ("min", "mean", "max")))
        for level, spread in (shares or {}).items()
    ]
