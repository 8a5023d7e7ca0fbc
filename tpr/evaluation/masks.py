"""Masks of tracks as runs on one axis, on which all frames of a video follow each other.

On it a track is a sorted list of intervals, and intersecting two tracks is intersecting intervals:
nothing is decoded to pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpr.data.records import Track
from tpr.data.rle import RLEError, Runs, decode_strings
from tpr.data.segmentation import compressed, is_missing, plain_strings


class TrackError(ValueError):
    """A track with a mask that cannot be read."""

    def __init__(self, track: Track, message: str) -> None:
        super().__init__(f"{track.name}{message}")
        self.track = track


@dataclass(frozen=True)
class Masks:
    """Masks of N tracks of one video; T is the length of the longest track's own list."""

    areas: np.ndarray  # (N, T) int64 pixels, 0 where missing
    sizes: np.ndarray  # (N, T) int64, height * 2^32 + width, 0 where missing
    inside: np.ndarray  # (N, T) bool, within the track's list
    runs: Runs  # of the masks that are there, track by track
    first: np.ndarray  # (N + 1,) the mask of ``runs`` that a track begins with
    gaps: np.ndarray  # (masks,) pixels of the axis between the end of the mask before and this one

    @property
    def mean_areas(self) -> np.ndarray:
        """(N,) the reference's ``avg_area``: over the frames whose area is not 0; 0 if none is."""
        present = np.count_nonzero(self.areas, axis=1)
        return self.areas.sum(axis=1) / np.maximum(present, 1)

    def edges(self, row: int) -> np.ndarray:
        """(2 runs,) int64: start, end, start, end, ... of a track's runs on the video's axis."""
        first, last = self.first[row], self.first[row + 1]
        begin = self.runs.starts[first]
        steps = self.runs.lengths[begin : self.runs.starts[last]].astype(np.int64)
        steps[self.runs.starts[first:last] - begin] += self.gaps[first:last]
        return np.cumsum(steps, out=steps)


def mean_area(areas: Sequence[float | None]) -> float:
    """The reference's ``avg_area`` of an annotation's ``areas``: null and 0 do not count."""
    present = [area for area in areas if area]
    if {*map(type, present)} == {int} and sum(present) < 2**53:
        return sum(present) / len(present)  # what np.mean gives, sooner
    return float(np.mean(present)) if present else 0.0


def measure(tracks: Sequence[Track], height: int, width: int) -> Masks:
    """Masks of one video's tracks; its height and width serve polygons. TrackError: the place."""
    lengths = np.array([len(track.segmentations) for track in tracks])
    inside = np.arange(lengths.max(initial=0)) < lengths[:, None]
    rows, frames = np.nonzero(inside)
    everything = [segmentation for track in tracks for segmentation in track.segmentations]
    places = [place for place, one in enumerate(everything) if one or not is_missing(one)]
    found = [everything[place] for place in places]
    rows, frames = rows[places], frames[places]
    try:
        strings, shapes = plain_strings(found) or _strings(found, height, width)
        runs = decode_strings(strings, shapes)
    except RLEError as error:
        track, frame = tracks[rows[error.index]], frames[error.index]
        raise TrackError(track, f", frame {frame}: {error}") from None
    areas, sizes = np.zeros(inside.shape, np.int64), np.zeros(inside.shape, np.int64)
    areas[rows, frames] = runs.areas
    sizes[rows, frames] = own = (shapes[:, 0] << 32) + shapes[:, 1]
    first = np.searchsorted(rows, np.arange(len(tracks) + 1))
    return Masks(areas, sizes, inside, runs, first, _gaps(frames, own, first))


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


def _gaps(frames: np.ndarray, sizes: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Pixels before each mask, (n,), so that its own come to lie at its frame's place.

    ``first`` are the tracks' first masks. Masks of one frame but another size get a stretch of
    their own, so that they meet nothing.
    """
    stretch = frames
    if len(sizes) and (sizes != sizes[0]).any():
        _, size_index = np.unique(sizes, return_inverse=True)
        _, stretch = np.unique(frames * (len(sizes) + 1) + size_index, return_inverse=True)
    pixels = (sizes >> 32) * (sizes & (2**32 - 1))
    begin = stretch * pixels.max(initial=0)
    before = np.concatenate([[0], begin + pixels])[:-1]  # where the mask before it ends
    before[first[first < len(before)]] = 0
    return begin - before
