"""Kept matches read back, by nothing but the format that tpr/evaluation/kept_matches.py states."""

import io
import json
import lzma
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Matches:
    """Predictions by category and falling score, and true objects.

    video, category, rank (place within video and category): (N,); hit, counted: (A, T, N) bool;
    true_video, true_category: (G,); wanted: (A, G) bool.
    """

    video: Array
    category: Array
    rank: Array
    hit: Array
    counted: Array
    true_video: Array
    true_category: Array
    wanted: Array


@dataclass(frozen=True)
class Kept:
    """about: see the file's format; frames: None where videos do not say how hard they are; errors,
    tracking: columns of what these follow from, {} where that was not kept."""

    about: dict[str, Any]
    tracks: Matches
    frames: Matches | None
    errors: dict[str, Array]
    tracking: dict[str, Array]

    @property
    def is_whole(self) -> bool:
        """Whether errors and tracking can be made again, too."""
        return bool(self.errors and self.tracking)


def read_kept(path: Path) -> Kept:
    """Raises ValueError for a file that holds no matches."""
    try:
        content = io.BytesIO(lzma.decompress(path.read_bytes()))
        with np.load(content, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        about = json.loads(arrays["about"].tobytes())
    except (lzma.LZMAError, BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path} holds no matches ({error})") from None
    frames = _table(arrays, "frames") if "frames_video" in arrays else None
    errors, tracking = (_columns(arrays, name) for name in ("errors_", "tracking_"))
    return Kept(about, _table(arrays, "tracks"), frames, errors, tracking)


def _columns(arrays: dict[str, Array], prefix: str) -> dict[str, Array]:
    """Of one table, as signed numbers."""
    return {
        name.removeprefix(prefix): values.astype(np.int64)
        for name, values in arrays.items()
        if name.startswith(prefix)
    }


def _table(arrays: dict[str, Array], name: str) -> Matches:
    category, video = arrays[f"{name}_category"], np.cumsum(arrays[f"{name}_video"])
    true_category = arrays[f"{name}_true_category"]
    flags = {
        column: np.unpackbits(arrays[f"{name}_{column}"], axis=-1, count=count).astype(bool)
        for column, count in (
            ("hit", len(category)),
            ("counted", len(category)),
            ("wanted", len(true_category)),
        )
    }
    true_video = np.cumsum(arrays[f"{name}_true_video"])
    rank = _ranks(category.astype(np.int64) << 32 | video)
    return Matches(
        video, category, rank, flags["hit"], flags["counted"],
        true_video, true_category, flags["wanted"],
    )  # fmt: skip


def _ranks(group: Array) -> Array:
    """How many rows before each have the same group."""
    order = np.argsort(group, kind="stable")
    place = np.arange(len(group))
    begins = np.flatnonzero(np.diff(group[order], prepend=-1))
    rank = np.empty(len(group), np.int64)
    rank[order] = place - np.repeat(begins, np.diff(np.append(begins, len(group))))
    return rank
