"""Spatio-temporal IoU of tracks: pixels of all frames together, in exact integers."""

import numpy as np

from tpr.evaluation import masks as reading
from tpr.evaluation.arrays import Ints
from tpr.evaluation.masks import Masks


def track_ious(masks: Masks, pairs: np.ndarray) -> np.ndarray:
    """(P,) IoU of pairs of tracks, (P, 2) int64 rows of ``masks``.

    As in the reference, frames beyond the shorter of two lists, and frames on which the two sizes
    differ, count neither to intersection nor union; an empty union is IoU 0.
    """
    found = _counted(masks, pairs)
    union = found[:, 1] - found[:, 0]
    return np.divide(found[:, 0], union, out=np.zeros(len(pairs)), where=union > 0)


def shared_pixels(masks: Masks, pairs: np.ndarray) -> np.ndarray:
    """(P,) int64 pixels that two single masks of one frame share, (P, 2) int64 places in the table
    of ``masks``; 0 where their sizes differ."""
    table = masks.table.copy()
    table["row"] = np.arange(len(table))
    each = Masks(table, masks.edges, np.arange(len(table) + 1), table["frame"] + 1)
    return _counted(each, pairs)[:, 0]


def _counted(masks: Masks, pairs: np.ndarray) -> np.ndarray:
    """As ``overlaps``, by the compiled part where there is one."""
    if not len(pairs):
        return np.zeros((0, 2), np.int64)
    if not reading.compiled_part:
        return overlaps(masks, pairs)
    found = np.empty((len(pairs), 2), np.int64)
    arrays = (masks.table, masks.edges, masks.first, masks.lengths, pairs)
    table, edges, first, lengths, pairs = map(np.ascontiguousarray, arrays)
    reading.compiled_part.overlaps(table, edges, first, lengths, pairs, found)
    return found


def overlaps(masks: Masks, pairs: np.ndarray) -> np.ndarray:
    """(P, 2) int64: pixels that both have, and both areas, of the frames that count for a pair."""
    edges = _on_one_axis(masks)
    areas, sizes = _per_frame(masks, "area"), _per_frame(masks, "size")
    totals = areas.sum(axis=1)
    inside = np.less(np.arange(int(areas.shape[1])), masks.lengths[:, None])
    found = np.empty((len(pairs), 2), np.int64)
    for place, (one, other) in enumerate(pairs):
        apart = _apart(edges[int(one)], edges[int(other)])
        clash = (sizes[one] != sizes[other]) & (sizes[one] != 0) & (sizes[other] != 0)
        counts = inside[one] & inside[other] & ~clash
        found[place] = (
            (totals[one] + totals[other] - apart) // 2,
            ((areas[one] + areas[other]) * counts).sum(),
        )
    return found


def _per_frame(masks: Masks, name: str) -> Ints:
    """(N, T) a column of the table by track and frame, 0 where there is no mask."""
    values = np.zeros((len(masks.lengths), masks.lengths.max(initial=0)), np.int64)
    values[masks.table["row"], masks.table["frame"]] = masks.table[name]
    return values


def _on_one_axis(masks: Masks) -> list[np.ndarray]:
    """Start, end, start, end, ... of each track's runs of pixels, on one axis with all frames of
    the video in succession: intersecting tracks then is intersecting intervals.

    Masks of another size in the same frame get intervals of their own, which meet nothing.
    """
    table = masks.table
    _, place = np.unique(table[["frame", "size"]], return_inverse=True)
    pixels = (table["size"] >> 32) * (table["size"] & (2**32 - 1))
    shift = place * pixels.max(initial=0)
    axis = masks.edges + np.repeat(shift, table["end"] - table["begin"])
    bounds = np.append(table["begin"], len(axis))[masks.first]
    return np.split(axis, bounds[1:-1])


def _apart(edges: np.ndarray, others: np.ndarray) -> int:
    """Number of pixels that exactly one of two tracks has.

    Of all starts and ends in order, every other one begins a run of such pixels.
    """
    places = np.sort(np.concatenate([edges, others]), kind="stable")  # merges sorted runs
    return (places[1::2] - places[0::2]).sum()
