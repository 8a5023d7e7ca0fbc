"""Masks of tracks as runs on one axis, on which all frames of a video follow each other.

On it a track is a sorted list of intervals, and intersecting two tracks is intersecting intervals:
nothing is decoded to pixels.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from tpr.data.rle import RLEError, Runs, decode_strings
from tpr.data.segmentation import compressed, is_missing, plain_strings
from tpr.evaluation.inputs import Track


@dataclass(frozen=True)
class TrackMasks:
    """Masks of one track over its T frames (its own list's length, not the video's)."""

    zeros: np.ndarray  # (runs,) int64 pixels before each run, from the run or mask before on
    ones: np.ndarray  # (runs,) int64 pixels of each run
    areas: np.ndarray  # (T,) int64 pixels, 0 where missing
    sizes: np.ndarray  # (T,) int64, height * 2^32 + width, 0 where missing

    @cached_property
    def edges(self) -> np.ndarray:
        """(2 runs,) start, end, start, end, ... on the video's axis; whole float64."""
        edges = np.empty((len(self.ones), 2))
        edges[:, 1] = np.cumsum(self.zeros + self.ones)
        edges[:, 0] = edges[:, 1] - self.ones
        return edges.ravel()

    @cached_property
    def covered(self) -> np.ndarray:
        """(2 runs,) pixels of the track before each edge."""
        covered = np.empty((len(self.ones), 2))
        covered[:, 1] = np.cumsum(self.ones)
        covered[:, 0] = covered[:, 1] - self.ones
        return covered.ravel()

    @property
    def mean_area(self) -> float:
        """Mean over the frames whose area is not 0; 0 if there is none."""
        return mean_area(self.areas.tolist())


def mean_area(areas: Sequence[float | None]) -> float:
    """The reference's ``avg_area``: null and 0 do not count."""
    present = [area for area in areas if area]
    return float(np.mean(present)) if present else 0.0


def measure(tracks: Sequence[Track], height: int, width: int) -> list[TrackMasks]:
    """Masks of one video's tracks; its height and width serve polygons. ValueError: the place."""
    lengths = [len(track.segmentations) for track in tracks]
    bounds = np.cumsum([0, *lengths])
    everything = [segmentation for track in tracks for segmentation in track.segmentations]
    places = [place for place, one in enumerate(everything) if one or not is_missing(one)]
    found = [everything[place] for place in places]
    try:
        strings, shapes = plain_strings(found) or _strings(found, height, width)
        runs = decode_strings(strings, shapes)
    except RLEError as error:
        raise ValueError(f"{_where(tracks, bounds, places[error.index])}: {error}") from None
    areas, sizes = np.zeros(len(everything), np.int64), np.zeros(len(everything), np.int64)
    areas[places] = runs.areas
    sizes[places] = (shapes[:, 0] << 32) + shapes[:, 1]
    frames = np.arange(len(everything)) - np.repeat(bounds[:-1], lengths)
    own_masks = np.searchsorted(places, bounds)
    _to_one_axis(runs, frames[places], sizes[places], own_masks[:-1])
    return [
        TrackMasks(runs.zeros[r0:r1], runs.ones[r0:r1], areas[f0:f1], sizes[f0:f1])
        for (r0, r1), (f0, f1) in zip(
            pairwise(runs.starts[own_masks].tolist()), pairwise(bounds.tolist()), strict=True
        )
    ]


def _strings(segmentations: Sequence, height: int, width: int) -> tuple[list[bytes], np.ndarray]:
    """Strings and (n, 2) sizes of segmentations of any kind. RLEError."""
    found = []
    for segmentation in segmentations:
        try:
            found.append(compressed(segmentation, height, width))
        except ValueError as error:
            raise RLEError(len(found), str(error)) from None
    sizes = np.array([rle["size"] for rle in found], np.int64).reshape(-1, 2)
    return [rle["counts"] for rle in found], sizes


def _to_one_axis(runs: Runs, frames: np.ndarray, sizes: np.ndarray, first: np.ndarray) -> None:
    """Lengthen the zeros before each mask so that its pixels come to lie at its frame's place.

    ``first`` are the tracks' first masks. Masks of one frame but another size get a stretch of
    their own, so that they meet nothing. Places are whole numbers below 2^53 (2^28 pixels, 2^25
    masks): exact in float64.
    """
    stretch = frames
    if len(sizes) and (sizes != sizes[0]).any():
        _, size_index = np.unique(sizes, return_inverse=True)
        _, stretch = np.unique(frames * (len(sizes) + 1) + size_index, return_inverse=True)
    pixels = (sizes >> 32) * (sizes & (2**32 - 1))
    begin = stretch * pixels.max(initial=0)
    before = np.concatenate([[0], begin + pixels])[:-1]  # where the mask before it ends
    before[first[first < len(before)]] = 0
    runs.zeros[runs.starts[:-1]] += begin - before


def _where(tracks: Sequence[Track], bounds: np.ndarray, place: int) -> str:
    row = bisect_right(bounds, place) - 1
    return f"{tracks[row].name}, frame {place - bounds[row]}"
