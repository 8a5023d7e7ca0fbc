"""Spatio-temporal IoU of tracks: pixels of all frames together, in exact integers."""

from collections.abc import Sequence

import numpy as np

from tpr.evaluation.masks import Masks


def track_iou(masks: Masks, results: Sequence[int], truths: Sequence[int]) -> np.ndarray:
    """(D, G) IoU of results with true tracks, by their rows in ``masks``.

    As in the reference, frames beyond the shorter of two lists, and frames on which the two sizes
    differ, count neither to intersection nor union; an empty union is IoU 0.
    """
    iou = np.zeros((len(results), len(truths)))
    if not iou.size:
        return iou
    totals = masks.areas.sum(axis=1)
    edges = [masks.edges(row) for row in results]
    for column, truth in enumerate(truths):
        others = masks.edges(truth)
        apart = np.array([_apart(own, others) for own in edges])
        inter = (totals[results] + totals[truth] - apart) // 2
        union = _summed_areas(masks, results, truth) - inter
        np.divide(inter, union, out=iou[:, column], where=union > 0)
    return iou


def _apart(edges: np.ndarray, others: np.ndarray) -> int:
    """Pixels that just one of two tracks has: of all starts and ends in order, every other one
    begins a stretch of such pixels."""
    places = np.sort(np.concatenate([edges, others]), kind="stable")  # merges sorted runs
    return (places[1::2] - places[0::2]).sum()


def _summed_areas(masks: Masks, results: Sequence[int], truth: int) -> np.ndarray:
    """(D,) sum of both areas over the frames that count for the pair."""
    sizes, size = masks.sizes[results], masks.sizes[truth]
    clash = (sizes != size) & (sizes != 0) & (size != 0)
    counts = masks.inside[results] & masks.inside[truth] & ~clash
    return ((masks.areas[results] + masks.areas[truth]) * counts).sum(axis=1)
