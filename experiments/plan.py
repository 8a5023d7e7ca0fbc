"""Which stages have to run, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .files import read_json
from .layout import Layout
from .shipped import shipped
from .stage import PRETRAINING, Stage, difference, in_order

DONE, SHIPPED, RUN = "done", "shipped", "run"
FORCIBLE = ("train", "evaluate")


@dataclass(frozen=True)
class Step:
    """A stage, what happens with it (DONE, SHIPPED or RUN), and why."""

    stage: Stage
    action: str
    reason: str


def make_plan(goals: list[Stage], layout: Layout, *, force: bool = False) -> list[Step]:
    """Steps in an order that respects inputs; what no stage to run needs is left out.

    force: training and evaluation of the goals run again (a goal that is a pretraining, too).
    """
    again = [s for s in in_order(goals) if s.kind in FORCIBLE or s in goals] if force else []
    forced = {stage.key for stage in again}
    steps: dict[str, Step] = {}

    def visit(stage: Stage) -> None:
        if stage.key in steps:
            return
        action, reason = decide(stage, layout, stage.key in forced)
        if action == RUN:
            for needed in stage.inputs.values():
                visit(needed)
        steps[stage.key] = Step(stage, action, reason)

    for goal in goals:
        visit(goal)
    return list(steps.values())


def decide(stage: Stage, layout: Layout, forced: bool) -> tuple[str, str]:
    """Action and reason for one stage."""
    if forced:
        return RUN, "forced"
    if stage.record(layout):
        return DONE, ""
    unusable = ""
    if stage.kind in PRETRAINING:
        entry, text = shipped(stage, layout)
        if entry:
            return SHIPPED, text
        unusable = f"; {text}" if text else ""
    return RUN, why_missing(stage, layout) + unusable


def why_missing(stage: Stage, layout: Layout) -> str:
    """Unfinished, changed since an earlier run, or never run."""
    progress = read_json(stage.folder(layout) / "progress.json")
    if progress:
        return f"unfinished, stopped at {progress['done']} of {progress['total']}"
    earlier = latest_record(stage, layout)
    return f"changed: {difference(earlier, stage)}" if earlier else "missing"


def latest_record(stage: Stage, layout: Layout) -> dict[str, Any] | None:
    """The newest finished stage of the same kind and name."""
    folders = layout.runs.glob(stage.prefix + "?" * 12)
    records = [read_json(folder / "record.json") for folder in folders]
    same = [r for r in records if r and (r["stage"], r["name"]) == (stage.kind, stage.name)]
    return max(same, key=lambda record: record.get("finished", ""), default=None)
