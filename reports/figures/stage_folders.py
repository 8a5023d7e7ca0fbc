"""Folders of finished stages, as long as they are there: records outlive them."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from experiments.outputs import damage, read_record
from experiments.stage import finished_folder


def stage_folder(runs: Path, stage: dict[str, Any]) -> Path | None:
    """Finished folder of a stage record below runs/<profile>, by its key; None if gone."""
    key = str(stage.get("key", ""))
    if not key:
        return None
    return sound_folder(runs, key)


@cache
def sound_folder(runs: Path, key: str) -> Path | None:
    """All its files are summed up, once in a process; damaged ones are told and not used."""
    folder = finished_folder(runs, key)
    problem = folder and damage(folder, read_record(folder) or {}, thorough=True)
    if problem:
        print(f"note: {folder} is not used: {problem}", file=sys.stderr)
    return None if problem else folder
