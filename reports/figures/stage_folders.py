"""Folders of finished stages, as long as they exist: records outlive them."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from experiments.stages.outputs import damage, read_record
from experiments.stages.stage import finished_folder
from reports.records.run_record import Record

WEIGHTS = "weights.pt"  # in the folder of a training


def stage_folder(runs: Path, stage: dict[str, Any]) -> Path | None:
    """The finished folder of a stage, found by the key in its record.

    None if it is gone, or if it has another time than the record, as the stage was then run again.
    """
    key = str(stage.get("key", ""))
    folder = sound_folder(runs, key) if key else None
    if folder is None or "finished" not in stage:
        return folder
    same = (read_record(folder) or {}).get("finished") == stage["finished"]
    return folder if same else None


@cache
def sound_folder(runs: Path, key: str) -> Path | None:
    """The finished folder with this key; None, and a note on stderr, if one of its files is
    damaged.

    All files are read for their checksums, once in a process.
    """
    folder = finished_folder(runs, key)
    problem = folder and damage(folder, read_record(folder) or {}, thorough=True)
    if problem:
        print(f"note: {folder} is not used: {problem}", file=sys.stderr)
    return None if problem else folder


def videos_folder(runs: Path, record: Record) -> Path | None:
    """Folder of the videos that a record was evaluated on, None if gone."""
    return stage_folder(runs, {"key": record.evaluate.get("inputs", {}).get("videos")})


def trained_weights(runs: Path, record: Record) -> Path | None:
    """File of the weights that a record was evaluated with, None if gone."""
    folder = stage_folder(runs, record.train)
    return folder / WEIGHTS if folder and (folder / WEIGHTS).is_file() else None
