"""The matches of an evaluation in one small file, from which all its numbers can be computed again.

The file is an xz-compressed .npz. ``about`` is JSON: format, ids of videos and categories (with
their names) in the order of the arrays' indices, limits of predictions, bounds of difficulty. The
tables ``tracks`` (whole videos) and ``frames`` (single ones, only where videos say how hard they
are) have a row for each prediction, by category and falling score, and one for each true object:

- <table>_category, _video: (N,) of predictions; a video is stored as the difference to the row
before
- <table>_hit, _counted: (A, T, ceil(N / 8)) bits, of ranges of area and IoU thresholds: whether a
prediction is a true positive, and whether it counts at all
- <table>_true_category, _true_video: (G,) of true objects; _wanted: (A, ceil(G / 8)) bits: whether
they are to be found

Scores are left out, as precision and recall depend on their order alone.

Where errors were asked for, ``errors`` has of each prediction of ``tracks`` what OverlapLevels has,
and ``switches`` and ``fragmentations``, (V,). Where HOTA was asked for, ``tracking`` has what
Tracking has: ``masks``, (2, R), and ``identified`` of each video and category in ``tracks``, by
video, and for each pair of tracks that match ``row``, the difference to that of the pair before,
``lengths``, and ``together``, (A, P), the fall from one alpha to the next.
"""

import io
import json
import lzma
from pathlib import Path
from typing import Any

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.difficulty import Difficulty
from tpr.evaluation.errors.losses import Errors
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.tracking.summary import Tracking
from tpr.files import replacing

FORMAT = 1
Arrays = dict[str, np.ndarray]


def keep_matches(path: Path, metrics: Metrics, difficulty: Difficulty | None) -> Path:
    """Writes the file; the same bytes for the same matches. ``difficulty``: as by
    ``difficulty_of``, None where videos do not say how hard they are."""
    tables = _table("tracks", metrics, ranges=None)
    if difficulty is not None:
        tables |= _table("frames", difficulty.frames, ranges=1)
    if metrics.errors is not None:
        tables |= _errors(metrics.errors)
    if metrics.tracking is not None:
        tables |= _tracking(metrics.tracking)
    about = json.dumps(_about(metrics, difficulty)).encode()
    content = io.BytesIO()
    tables |= {"about": np.frombuffer(about, np.uint8)}
    np.savez(content, **tables)  # pyright: ignore[reportArgumentType]: none is called allow_pickle
    with replacing(path) as draft:
        draft.write_bytes(lzma.compress(content.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    return path


def _about(metrics: Metrics, difficulty: Difficulty | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "format": FORMAT,
        "videos": metrics.video_ids,
        "categories": [[one, metrics.category_names[one]] for one in metrics.per_category],
        "limits": metrics.max_detections,
    }
    if difficulty is not None:
        about["amounts"] = {
            name: [amounts.get(video) for video in metrics.video_ids]
            for name, amounts in difficulty.amounts.items()
        }
        places = {frame: place for place, frame in enumerate(difficulty.frames.video_ids)}
        about["frames"] = {
            name: np.diff([places[one] for one in frames], prepend=0).tolist()
            for name, frames in difficulty.frame_groups.items()
        }
    return about


def _table(name: str, metrics: Metrics, ranges: int | None) -> Arrays:
    """``ranges``: of area, the first so many; None for all."""
    place = {category: k for k, category in enumerate(metrics.per_category)}
    found: list[CategoryMatches] = list(metrics.matches.values())
    index = [place[category] for category in metrics.matches]
    columns = {
        "category": np.repeat(index, [len(one.video) for one in found]).astype(np.uint16),
        "video": _steps([one.video for one in found]),
        "hit": _bits([one.hit[:ranges] for one in found]),
        "counted": _bits([one.counted[:ranges] for one in found]),
        "true_category": np.repeat(index, [len(one.true_video) for one in found]).astype(np.uint16),
        "true_video": _steps([one.true_video for one in found]),
        "wanted": _bits([one.wanted[:ranges] for one in found]),
    }
    return {f"{name}_{column}": values for column, values in columns.items()}


def _errors(errors: Errors) -> Arrays:
    columns = vars(errors.levels) | {
        "switches": errors.switches,
        "fragmentations": errors.fragmentations,
    }
    return {f"errors_{column}": _small(values) for column, values in columns.items()}


def _tracking(tracking: Tracking) -> Arrays:
    falls = -np.diff(tracking.together, axis=1, append=0)
    columns = {
        "masks": _small(tracking.masks.T),
        "identified": _small(tracking.identified),
        "row": _small(np.diff(tracking.row, prepend=0)),
        "lengths": _small(tracking.lengths),
        "together": _small(falls.T),
    }
    return {f"tracking_{column}": values for column, values in columns.items()}


def _small(values: np.ndarray) -> np.ndarray:
    """Numbers from 0 on, of as few bytes as hold them."""
    return values.astype(np.min_scalar_type(values.max(initial=0)))


def _steps(parts: list[np.ndarray]) -> np.ndarray:
    """Differences between successive values, mostly 0 or 1, as a track's frames follow each
    other."""
    places = np.concatenate([np.zeros(0, np.int64), *parts])
    return np.diff(places, prepend=0).astype(np.int32)


def _bits(parts: list[np.ndarray]) -> np.ndarray:
    """Flags (..., N) of all categories, packed into eight per byte along the last axis."""
    return np.packbits(np.concatenate(parts, axis=-1), axis=-1) if parts else np.zeros(0, np.uint8)
