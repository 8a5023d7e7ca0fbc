"""Records of evaluations on dosed videos: results/<profile>/doses/<run>-seed<k>-<dose>.json."""

from __future__ import annotations

from experiments.pipeline.dosed import EVALUATE_DOSE
from experiments.ship.publish import records_of, write_result
from experiments.ship.shipped_matches import copy_matches, kept_matches, matches_of
from experiments.ship.shipped_records import DOSES, record_path
from experiments.stages.json_files import Record, make_way, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from tpr.files import sha256

OF_TRAINING = ("key", "spec", "git", "code")  # of one without a dose; the run's record has all


def write_dose(stage: Stage, layout: Layout) -> bool:
    """Writes the record of a finished evaluation at a dose and its matches; True if new. Where a
    record of that name ships, it goes to own/doses/."""
    name = f"{stage.name}.json"
    path = record_path(layout, name, DOSES)
    shipped = read_json(layout.doses / name) or {}
    old = read_json(path) or shipped
    train, splits = stage.inputs["train"], stage.inputs["videos"].spec["splits"]
    parts = records_of({"evaluate": stage, "train": train}, old, layout)
    matches = kept_matches(stage, layout)
    if matches and parts["evaluate"]:
        parts["evaluate"]["matches"] = sha256(matches)
    if parts["train"] and "train" not in splits:
        parts["train"] = {k: v for k, v in parts["train"].items() if k in OF_TRAINING}
    result: Record = {
        "run": stage.run,
        "seed": stage.seed,
        "profile": stage.profile,
        "dose": splits["val"]["dose"],
        "trained_at_dose": "train" in splits,
        **parts,
    }
    if result in (old, shipped):
        return False
    make_way(path)
    if matches:
        copy_matches(matches, matches_of(path))
    write_json(path, result)
    return True


def write_any(stage: Stage, layout: Layout) -> bool:
    """The record of an evaluation, at a dose or not."""
    write = write_dose if stage.kind == EVALUATE_DOSE else write_result
    return write(stage, layout)
