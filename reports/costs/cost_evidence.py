"""The measured costs and speed of the full-size models, which are the same for every profile; read
once."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from experiments.costs import current
from experiments.declared.manifests import load_manifests
from experiments.stages.layout import Layout
from reports.costs.cost_frames import TABLES, Costs, cost_frame
from reports.paper.transcription import Paper
from reports.records.run_record import Record
from tpr.data.json_input import read_json


@dataclass(frozen=True)
class CostEvidence:
    """costs: by run; problems: a line for each run whose costs are of other settings; frames: by
    table of the paper, see `cost_frame`; public: parameters of public models beside ours; speed:
    results/full/speed.json, None where nothing was measured."""

    costs: Costs
    problems: list[str]
    frames: dict[str, pd.DataFrame]
    public: list[dict[str, Any]]
    speed: dict[str, Any] | None


def load_costs(layout: Layout) -> tuple[Costs, list[str]]:
    """Measured costs by run, and lines on runs whose costs are of other settings."""
    if not layout.costs.is_file():
        return {}, []
    costs, problems = current(load_manifests(layout.manifests), layout)
    return {**costs}, problems


def load_cost_evidence(layout: Layout, paper: Paper, records: Sequence[Record]) -> CostEvidence:
    """records: those that tables show; they say how far gates open, and AP."""
    costs, problems = load_costs(layout)
    return CostEvidence(
        costs,
        problems,
        {table: cost_frame(paper, table, costs, records) for table in TABLES},
        read_json(layout.costs).get("public", []) if layout.costs.is_file() else [],
        read_json(layout.speed) if layout.speed.is_file() else None,
    )
