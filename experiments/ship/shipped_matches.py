"""The matches of an evaluation, kept beside its record, from which its numbers can be computed
again.

They are in <run>-seed<k>.npz.xz (format: tpr.evaluation.kept_matches); the record holds their
SHA-256. Evaluations made before December 2026 kept none.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from experiments.pipeline.measures import MATCHES
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage, finished_folder
from tpr.files import replacing, sha256


def matches_of(record: Path) -> Path:
    """Path of the matches that a record's numbers come from."""
    return record.with_suffix(".npz.xz")


def kept_matches(evaluation: Stage, layout: Layout) -> Path | None:
    """Path of the matches in the folder of a finished evaluation; None if there are none."""
    folder = finished_folder(layout.runs, evaluation.key)
    path = folder / MATCHES if folder else None
    return path if path and path.is_file() else None


def copy_matches(kept: Path, record: Path) -> None:
    """Copies matches beside a record."""
    path = matches_of(record)
    if not path.is_file() or sha256(path) != sha256(kept):
        with replacing(path) as draft:
            shutil.copyfile(kept, draft)


def move_matches(record: Path, target: Path) -> None:
    """Moves a record's matches along with it to `target`, where they replace the earlier ones."""
    if matches_of(record).is_file():
        os.replace(matches_of(record), matches_of(target))
    else:
        matches_of(target).unlink(missing_ok=True)
