"""Records of runs trained at other scales: results/<profile>/scale/<run>-seed<k>-<cell>.json."""

from __future__ import annotations

from experiments.declared.scale import Cell
from experiments.ship.evaluation_record import write_record
from experiments.ship.shipped_records import SCALE
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

OF_PRETRAINING = ("key", "seconds", "git", "code")  # its settings are the training's


def write_scale(stage: Stage, layout: Layout) -> bool:
    """Writes the record of a finished evaluation at another scale and its matches; True if new."""
    cell, train = Cell.of(stage.part), stage.inputs["train"]
    facts = {"scale": {"width": cell.width, "videos": cell.videos}}
    parts = {"evaluate": stage, "train": train, "pretrain": train.inputs["pretrain"]}
    return write_record(stage, layout, SCALE, parts, facts, {"pretrain": OF_PRETRAINING})
