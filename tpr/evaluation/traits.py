"""What tracks are grouped by: size, length, and motion, measured from their masks."""

from collections.abc import Callable

import numpy as np

from tpr.evaluation.arrays import Ints
from tpr.evaluation.masks import Masks


def mean_area(masks: Masks) -> np.ndarray:
    """(N,) pixels."""
    return masks.mean_areas


def frames_seen(masks: Masks) -> np.ndarray:
    """(N,) frames in which a track has pixels."""
    seen = masks.table["row"][masks.table["area"] > 0]
    return np.bincount(seen, minlength=len(masks.lengths))


def box_overlap(masks: Masks) -> np.ndarray:
    """(N,) mean IoU of a track's box with its box one frame later: the less, the faster it moves.
    NaN where it is never seen in two successive frames."""
    table = masks.table[masks.table["area"] > 0]
    boxes = _boxes(table, masks.edges)
    ahead = (np.diff(table["row"]) == 0) & (np.diff(table["frame"]) == 1)
    ahead &= np.diff(table["size"]) == 0
    one, other = boxes[:-1][ahead], boxes[1:][ahead]
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = sides.clip(0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (one, other)]
    iou = shared / (areas[0] + areas[1] - shared)
    rows, tracks = table["row"][:-1][ahead], len(masks.lengths)
    steps = np.bincount(rows, minlength=tracks)
    total = np.bincount(rows, weights=iou, minlength=tracks)
    return np.where(steps > 0, total / np.maximum(steps, 1), np.nan)


def _boxes(table: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """(n, 4) left, top, right, bottom of masks with pixels; right and bottom are beyond them."""
    number = (table["end"] - table["begin"]) // 2
    first = np.cumsum(number) - number
    before: Ints = np.repeat(table["begin"] - 2 * first, number)
    stretch = before + 2 * np.arange(len(before))
    start, stop = edges[stretch], edges[stretch + 1] - 1
    mask = np.repeat(np.arange(len(table)), number)[stop >= start]  # some have no length
    start, stop = start[stop >= start], stop[stop >= start]
    height = (table["size"] >> 32)[mask]
    left, right = start // height, stop // height
    whole = left < right  # it goes from one column into the next
    top = np.where(whole, 0, start % height)
    bottom = np.where(whole, height - 1, stop % height)
    begin = np.searchsorted(mask, np.arange(len(table)))
    if not len(begin):
        return np.zeros((0, 4), np.int64)
    least = [np.minimum.reduceat(values, begin) for values in (left, top)]
    most = [np.maximum.reduceat(values, begin) + 1 for values in (right, bottom)]
    return np.stack([*least, *most], axis=1)


TRAITS: dict[str, Callable[[Masks], np.ndarray]] = {
    "size": mean_area,
    "length": frames_seen,
    "motion": box_overlap,
}
