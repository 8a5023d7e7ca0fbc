"""Masks of tracks as runs of pixels, column by column.

Nothing is decoded to pixels. Reading and intersecting are done by ``_masks``, which is compiled; by
numpy, with the same results, where it was not built, and for masks that are malformed or no
compressed RLE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from tpr.data.records import Track
from tpr.data.rle import RLEError, Runs, decode_strings
from tpr.data.segmentation import compressed, is_missing, plain_strings
from tpr.evaluation.arrays import Ints

try:
    from tpr.evaluation import _masks as compiled_part
except ImportError:  # no compiler where this was installed, or a checkout
    compiled_part = None

MASK = np.dtype([(name, np.int64) for name in ("row", "frame", "size", "begin", "end", "area")])


class TrackError(ValueError):
    """A track with a mask that cannot be read."""

    def __init__(self, track: Track, message: str) -> None:
        super().__init__(f"{track.name}{message}")
        self.track = track


@dataclass(frozen=True)
class Masks:
    """Masks of N tracks of one video."""

    table: np.ndarray  # (n,) MASK of those that are there, track by track, frame by frame
    edges: np.ndarray  # int32; mask i starts and ends stretches at edges[begin:end] of its pixels
    first: np.ndarray  # (N + 1,) int64, the mask that a track begins with
    lengths: Ints  # (N,), frames of a track's own list

    @cached_property
    def mean_areas(self) -> np.ndarray:
        """(N,) the reference's ``avg_area``: over the frames whose area is not 0; 0 if none is."""
        area = self.table["area"]
        total, present = (
            np.add.reduceat(np.append(values, 0), self.first[:-1]) * (np.diff(self.first) > 0)
            for values in (area, area > 0)
        )
        return total / np.maximum(present, 1)


def mean_area(areas: Sequence[float | None]) -> float:
    """The reference's ``avg_area`` of an annotation's ``areas``: null and 0 do not count."""
    present = [area for area in areas if area]
    if {*map(type, present)} == {int} and sum(present) < 2**53:
        return sum(present) / len(present)  # what np.mean gives, sooner
    return float(np.mean(present)) if present else 0.0


def measure(tracks: Sequence[Track], height: int, width: int) -> Masks:
    """Masks of one video's tracks; its height and width serve polygons. TrackError: the place."""
    lists = [track.segmentations for track in tracks]
    read = compiled_part and compiled_part.read(lists)
    if read:
        table, edges = np.frombuffer(read[0], MASK), np.frombuffer(read[1], np.int32)
    else:
        table, edges = _measured(tracks, height, width)
    first = np.searchsorted(table["row"], np.arange(len(tracks) + 1))
    return Masks(table, edges, first, np.array([*map(len, lists)], np.int64))


def _measured(tracks: Sequence[Track], height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Table and edges, in numpy. TrackError."""
    places: list[tuple[int, int]] = []
    found: list[Any] = []
    for row, track in enumerate(tracks):
        for frame, one in enumerate(track.segmentations):
            if one or not is_missing(one):
                places.append((row, frame))
                found.append(one)
    try:
        strings, shapes = plain_strings(found) or _strings(found, height, width)
        runs = decode_strings(strings, shapes)
    except RLEError as error:
        row, frame = places[error.index]
        raise TrackError(tracks[row], f", frame {frame}: {error}") from None
    table = np.zeros(len(found), MASK)
    table["row"], table["frame"] = np.array(places, np.int64).reshape(-1, 2).T
    table["size"] = (shapes[:, 0] << 32) + shapes[:, 1]
    table["begin"], table["end"], table["area"] = runs.starts[:-1], runs.starts[1:], runs.areas
    return table, _edges(runs)


def _edges(runs: Runs) -> np.ndarray:
    """Where each run ends, within its mask."""
    ends = np.cumsum(runs.lengths, dtype=np.int64)
    before = np.concatenate([[0], ends])[runs.starts[:-1]]
    return (ends - np.repeat(before, np.diff(runs.starts))).astype(np.int32)


def _strings(
    segmentations: Sequence[Any], height: int, width: int
) -> tuple[list[bytes], np.ndarray]:
    """Strings and (n, 2) sizes of segmentations of any kind. RLEError."""
    found: list[dict[str, Any]] = []
    for segmentation in segmentations:
        try:
            found.append(compressed(segmentation, height, width))
        except ValueError as error:
            raise RLEError(len(found), str(error)) from None
    sizes = np.array([rle["size"] for rle in found], np.int64).reshape(-1, 2)
    return [rle["counts"] for rle in found], sizes
