"""Pictures of a user's own data that are trained on and validated on: AP would measure memory."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any, cast

from experiments.declared.own_data import OwnData
from tpr.data.preparing.own import AnnotatedFrames, content
from tpr.terminal import printable

VALIDATED = "val"


def overlap(own: OwnData) -> str | None:
    """A sentence on the pictures that may be on both sides; None where there are none.

    With files for validation those are pictures of these and of others; where videos are held out,
    pictures of two videos, one of which may be, or of a video and the single images.
    """
    seen: dict[str, set[str]] = defaultdict(set)  # by picture, where it stands
    for split, parts in own.parts.items():
        for i, part in enumerate(parts):
            for k, picture in pictures(part):
                if own.held_out is None:
                    seen[picture].add("validation" if split == VALIDATED else "training")
                else:
                    seen[picture].add(f"{i} {k}" if split == "train" else split)
    twice = [picture for picture, places in seen.items() if len(places) > 1]
    if not twice:
        return None
    sides = "in training and validation" if own.held_out is None else "in more than one video"
    return (
        f"{len(twice)} pictures are {sides}, as {printable(min(twice), 200)}: where they are "
        "trained on and validated on, AP measures memory (docs/own-data.md)"
    )


def pictures(part: AnnotatedFrames) -> list[tuple[int, str]]:
    """The number of its video and the path of each picture; what is no name is told elsewhere."""
    folder = Path(os.path.realpath(part.frames))
    found: list[tuple[int, str]] = []
    videos: list[Any] = content(part.annotations)["videos"]
    for number, video in enumerate(videos):
        names: Any = cast(Any, video).get("file_names") if isinstance(video, dict) else None
        for name in cast(list[Any], names) if isinstance(names, list) else []:
            if isinstance(name, str):
                found.append((number, os.path.normpath(folder / name)))
    return found
