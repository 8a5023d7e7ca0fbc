"""Masks of tracks, measured without decoding to pixels: RLE, area and size of every frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpr.data.rle import RLEError, compress, decode_strings
from tpr.data.segmentation import compressed, is_missing
from tpr.evaluation.inputs import Track


@dataclass(frozen=True)
class TrackMasks:
    """Masks of one track over its T frames (its own list's length, not the video's)."""

    rles: list[dict | None]  # for pycocotools; None: no mask
    areas: np.ndarray  # (T,) int64 pixels, 0 where missing
    sizes: np.ndarray  # (T,) int64, height * 2^32 + width, 0 where missing

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
    places = [
        (row, frame)
        for row, track in enumerate(tracks)
        for frame, segmentation in enumerate(track.segmentations)
        if not is_missing(segmentation)
    ]
    strings = [_string(tracks[row], frame, height, width) for row, frame in places]
    rles, areas = _measure_strings(strings, [_where(tracks[row], frame) for row, frame in places])
    masks = [_blank(len(track.segmentations)) for track in tracks]
    for (row, frame), rle, area in zip(places, rles, areas, strict=True):
        masks[row].rles[frame] = rle
        masks[row].areas[frame] = area
        masks[row].sizes[frame] = (rle["size"][0] << 32) + rle["size"][1]
    return masks


def _string(track: Track, frame: int, height: int, width: int) -> tuple[bytes, int, int]:
    try:
        return compressed(track.segmentations[frame], height, width)
    except ValueError as error:
        raise ValueError(f"{_where(track, frame)}: {error}") from None


def _measure_strings(
    strings: list[tuple[bytes, int, int]], names: list[str]
) -> tuple[list[dict], np.ndarray]:
    """Checked RLEs for pycocotools, rewritten where not canonical, and their areas."""
    sizes = [(height, width) for _, height, width in strings]
    try:
        runs = decode_strings([counts for counts, _, _ in strings], sizes)
    except RLEError as error:
        raise ValueError(f"{names[error.index]}: {error}") from None
    rles = [{"size": [h, w], "counts": counts} for counts, h, w in strings]
    for index in np.flatnonzero(~runs.canonical):
        rles[index]["counts"] = compress(runs.counts(index), *sizes[index])
    return rles, runs.areas


def _blank(length: int) -> TrackMasks:
    return TrackMasks([None] * length, np.zeros(length, np.int64), np.zeros(length, np.int64))


def _where(track: Track, frame: int) -> str:
    return f"{track.name}, frame {frame}"
