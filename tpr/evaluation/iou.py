"""Spatio-temporal IoU of tracks: pixels of all frames together, in exact integers."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from tpr.evaluation.masks import TrackMasks


def track_iou(results: Sequence[TrackMasks], truths: Sequence[TrackMasks]) -> np.ndarray:
    """(D, G) IoU of results with true tracks.

    As in the reference, frames beyond the shorter of two lists, and frames on which the two sizes
    differ, count neither to intersection nor union; an empty union is IoU 0.
    """
    length = max((len(track.areas) for track in [*results, *truths]), default=0)
    inter = np.zeros((len(results), len(truths)), np.int64)
    for frame in range(length):
        _add_frame(inter, results, truths, frame)
    union = _summed_areas(results, truths, length) - inter
    return np.divide(inter, union, out=np.zeros(inter.shape), where=union > 0)


def _add_frame(inter: np.ndarray, results, truths, frame: int) -> None:
    """Add the intersections of one frame to (D, G) ``inter``."""
    rows = _present(results, frame)
    columns = _present(truths, frame)
    if not rows or not columns:
        return
    result_rles = [results[row].rles[frame] for row in rows]
    truth_rles = [truths[column].rles[frame] for column in columns]
    # With the crowd flag, pycocotools divides the intersection by the result's area: times that
    # area and rounded it is the exact count. Masks of different sizes give -1.
    share = coco_mask.iou(result_rles, truth_rles, [1] * len(columns))
    areas = np.array([results[row].areas[frame] for row in rows])
    pixels = np.rint(np.maximum(share, 0) * areas[:, None]).astype(np.int64)
    inter[np.ix_(rows, columns)] += pixels


def _present(tracks: Sequence[TrackMasks], frame: int) -> list[int]:
    return [i for i, t in enumerate(tracks) if frame < len(t.areas) and t.areas[frame] > 0]


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
