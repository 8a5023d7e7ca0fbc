"""Generated videos laid out as YouTube-VIS is distributed, to try out what is for recorded data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tpr.data.mini.generate import Progress, generate


def write_archive(
    out: Path, settings: Mapping, *, seed: int, progress: Progress | None = None
) -> Path:
    """Writes out/train.json and out/train/JPEGImages anew; returns `out`.

    settings: fields of SplitSettings.
    """
    new = out.with_name(f"{out.name}-new")
    for old in (out, new):
        shutil.rmtree(old, ignore_errors=True)
    generate(new, {"train": settings}, seed=seed, progress=progress)
    (new / "train").mkdir()
    os.replace(new / "frames" / "train", new / "train" / "JPEGImages")
    os.replace(new, out)
    return out
