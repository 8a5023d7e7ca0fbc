"""Records of evaluations on dosed videos: results/<profile>/doses/<run>-seed<k>-<dose>.json."""

from __future__ import annotations

from experiments.pipeline.dosed import EVALUATE_DOSE
from experiments.ship.publish import records_of, write_result
from experiments.stages.json_files import make_way, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage


def write_dose(stage: Stage, layout: Layout) -> bool:
    """Writes the record of a finished evaluation at a dose; True if new."""
    path = layout.doses / f"{stage.name}.json"
    old = read_json(path) or {}
    train, splits = stage.inputs["train"], stage.inputs["videos"].spec["splits"]
    result = {
        "run": stage.run,
        "seed": stage.seed,
        "profile": stage.profile,
        "dose": splits["val"]["dose"],
        "trained_at_dose": "train" in splits,
        **records_of({"evaluate": stage, "train": train}, old, layout),
    }
    if result == old:
        return False
    make_way(path)
    write_json(path, result)
    return True


def write_any(stage: Stage, layout: Layout) -> bool:
    """The record of an evaluation, at a dose or not."""
    write = write_dose if stage.kind == EVALUATE_DOSE else write_result
    return write(stage, layout)
