"""Spatio-temporal IoU of tracks: pixels of all frames together, in exact integers."""

from collections.abc import Sequence

import numpy as np

from tpr.evaluation.masks import TrackMasks


def track_iou(results: Sequence[TrackMasks], truths: Sequence[TrackMasks]) -> np.ndarray:
    """(D, G) IoU of results with true tracks, all of one video.

    As in the reference, frames beyond the shorter of two lists, and frames on which the two sizes
    differ, count neither to intersection nor union; an empty union is IoU 0.
    """
    inter = np.zeros((len(results), len(truths)), np.int64)
    if not inter.size:
        return inter.astype(float)
    for column, truth in enumerate(truths):
        inter[:, column] = [_shared(track, truth) for track in results]
    length = max(len(track.areas) for track in [*results, *truths])
    union = _summed_areas(results, truths, length) - inter
    return np.divide(inter, union, out=np.zeros(inter.shape), where=union > 0)


def _shared(track: TrackMasks, other: TrackMasks) -> int:
    """Pixels that both have.

    The pixels of ``other`` before a place of the axis are a function that rises with slope 1 within
    its runs and is flat between them; interpolation at whole numbers is exact.
    """
    if not len(track.edges) or not len(other.edges):
        return 0
    before = np.interp(track.edges, other.edges, other.covered)
    return int((before[1::2] - before[0::2]).sum())


def _summed_areas(results, truths, length: int) -> np.ndarray:
    """(D, G) sum of both areas over the frames that count for the pair."""
    areas_d, sizes_d, inside_d = _padded(results, length)
    areas_g, sizes_g, inside_g = _padded(truths, length)
    total = np.zeros((len(results), len(truths)), np.int64)
    for column in range(len(truths)):
        size = sizes_g[column]
        clash = (sizes_d != 0) & (size != 0) & (sizes_d != size)
        counts = inside_d & inside_g[column] & ~clash
        total[:, column] = ((areas_d + areas_g[column]) * counts).sum(axis=1)
    return total


def _padded(tracks: Sequence[TrackMasks], length: int) -> tuple[np.ndarray, ...]:
    """Areas, sizes and "within the track's list", each (tracks, length)."""
    areas = np.zeros((len(tracks), length), np.int64)
    sizes = np.zeros_like(areas)
    inside = np.zeros(areas.shape, bool)
    for row, track in enumerate(tracks):
        own = len(track.areas)
        areas[row, :own], sizes[row, :own], inside[row, :own] = track.areas, track.sizes, True
    return areas, sizes, inside
