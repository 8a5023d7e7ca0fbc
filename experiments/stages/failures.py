"""Runs whose numbers became NaN or infinite: tables then show no number for them, least of all an
older one.

Such a stage leaves failed.json in its folder until it runs again.
results/<profile>/failed/<run>-seed<k>.json tells the tables which evaluation is missing.
"""

from __future__ import annotations

from pathlib import Path

from experiments.stages.json_files import Record, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage, in_order

FILE = "failed.json"


def note(folder: Path, key: str, error: FloatingPointError, time: str) -> None:
    """Written by a worker: why its stage failed."""
    write_json(folder / FILE, {"key": key, "reason": str(error), "failed": time})


def noted(stage: Stage, layout: Layout) -> Record | None:
    """What the worker of a failed stage wrote, None if the stage has been finished since."""
    found = read_json(stage.folder(layout) / FILE) or {}
    whole = all(isinstance(found.get(name), str) for name in ("key", "reason", "failed"))
    return found if whole and found["key"] == stage.key and not stage.record(layout) else None


def write_failure(evaluation: Stage, layout: Layout) -> None:
    """Writes the file for the tables on an evaluation that is missing because it, or a stage before
    it, failed."""
    for stage in in_order([evaluation]):
        if found := noted(stage, layout):
            named = {"run": evaluation.run, "seed": evaluation.seed, "profile": evaluation.profile}
            named |= {"evaluation": evaluation.key, "stage": stage.label}
            told = {name: found[name] for name in ("reason", "failed")}
            write_json(layout.failed / f"{evaluation.name}.json", named | told)
            return
