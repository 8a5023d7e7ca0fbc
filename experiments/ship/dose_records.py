"""Records of evaluations on dosed videos: results/<profile>/doses/<run>-seed<k>-<dose>.json."""

from __future__ import annotations

from experiments.pipeline.dosed import DOSED_VIDEOS, EVALUATE_DOSE
from experiments.ship.evaluation_record import write_record, write_result
from experiments.ship.scale_records import write_scale
from experiments.ship.shipped_records import DOSES
from experiments.stages.json_files import Record
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

OF_TRAINING = ("key", "spec", "git", "code")  # of one without a dose; the run's record has all


def write_dose(stage: Stage, layout: Layout) -> bool:
    """Writes the record of a finished evaluation at a dose and its matches; True if new."""
    train, splits = stage.inputs["train"], stage.inputs["videos"].spec["splits"]
    trained = "train" in splits
    facts: Record = {"dose": splits["val"]["dose"], "trained_at_dose": trained}
    kept = {} if trained else {"train": OF_TRAINING}
    parts = {"evaluate": stage, "train": train}
    return write_record(stage, layout, DOSES, parts, facts, kept)


def write_any(stage: Stage, layout: Layout) -> bool:
    """The record of an evaluation, at a dose, at another scale or at neither."""
    if stage.kind != EVALUATE_DOSE:
        return write_result(stage, layout)
    write = write_dose if stage.inputs["videos"].kind == DOSED_VIDEOS else write_scale
    return write(stage, layout)
