"""The matches of an evaluation, kept beside its record, from which its numbers can be computed
again.

They are in <record>.npz.xz, of a tracker in <record>-<tracker>.npz.xz (format:
tpr.evaluation.kept_matches); the record holds their SHA-256. Evaluations made before December 2026
kept none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from experiments.pipeline.measures import MATCHES
from experiments.stages.json_files import read_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage, finished_folder
from tpr.files import replacing, sha256


def matches_of(record: Path, tracker: str = "") -> Path:
    """Path of the matches that a record's numbers come from."""
    return record.with_name(f"{record.stem}{'-' if tracker else ''}{tracker}.npz.xz")


def kept_matches(evaluation: Stage, layout: Layout, name: str = MATCHES) -> Path | None:
    """Path of the matches in the folder of a finished evaluation; None if there are none."""
    folder = finished_folder(layout.runs, evaluation.key)
    path = folder / name if folder else None
    return path if path and path.is_file() else None


def copy_matches(kept: Path, target: Path) -> None:
    """Copies matches to their place beside a record."""
    if not target.is_file() or sha256(target) != sha256(kept):
        with replacing(target) as draft:
            shutil.copyfile(kept, draft)


def move_matches(record: Path, target: Path) -> None:
    """Moves a record's matches along with it to `target`, where they replace the earlier ones."""
    raw = read_json(record) or {}
    for tracker in ("", *((raw.get("associate") or {}).get("matches") or {})):
        if matches_of(record, tracker).is_file():
            os.replace(matches_of(record, tracker), matches_of(target, tracker))
        else:
            matches_of(target, tracker).unlink(missing_ok=True)
