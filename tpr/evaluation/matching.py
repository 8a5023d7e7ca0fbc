"""Greedy matching of predicted to true tracks within one video and category, at every threshold."""

from dataclasses import dataclass

import numpy as np

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# all, small, medium, large: mean pixels of a track, both ends included
AREA_RANGES = np.array([[0, 1e10], [0, 128**2], [128**2, 256**2], [256**2, 1e10]])


@dataclass(frozen=True)
class Matches:
    """A (area ranges) x T (thresholds) x D (predictions by falling score) flags."""

    hit: np.ndarray  # (A, T, D) bool: true positive
    counted: np.ndarray  # (A, T, D) bool: true or false positive; else ignored
    positives: np.ndarray  # (A,) int64: true tracks to be found


def match(
    ious: np.ndarray,
    result_areas: np.ndarray,
    truth_areas: np.ndarray,
    crowd: np.ndarray,
    truth_ids: list[int],
) -> Matches:
    """Match (D, G) ``ious``; mean areas are (D,) and (G,); ``crowd`` is (G,) bool.

    A prediction, best score first, takes the free true track of highest IoU at or above the
    threshold, the last of equals. Crowds and tracks outside the area range are ignored: taken only
    when no other fits, and then the prediction counts neither way. A crowd stays free.
    """
    shape = (len(AREA_RANGES), len(IOU_THRESHOLDS), len(ious))
    inside = ~_outside(result_areas)[:, None, :]  # (A, 1, D)
    ignored = _outside(truth_areas) | crowd  # (A, G)
    if ious.max(initial=0) < IOU_THRESHOLDS[0]:
        counted = np.repeat(inside, shape[1], axis=1)
        return Matches(np.zeros(shape, bool), counted, (~ignored).sum(axis=1))
    taken = _assign(ious, ignored, crowd)  # (A, T, D), -1: none
    to_ignored = (taken >= 0) & ignored[np.arange(len(ignored))[:, None, None], taken]
    # The reference stores a match as the true track's id, so that id 0 reads as "not matched".
    matched = (taken >= 0) & np.array([one != 0 for one in truth_ids])[taken]
    counted = ~to_ignored & (matched | inside)
    return Matches(matched & counted, counted, (~ignored).sum(axis=1))


def _outside(areas: np.ndarray) -> np.ndarray:
    """(A, n) bool: a mean area is outside the range."""
    return (areas < AREA_RANGES[:, :1]) | (areas > AREA_RANGES[:, 1:])


def _assign(ious: np.ndarray, ignored: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """(A, T, D) column taken by each prediction, or -1."""
    thresholds = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[None, :, None]  # (1, T, 1)
    if (ious >= thresholds[0, 0, 0]).sum(axis=1).max() == 1:
        taken = _assign_apart(ious, thresholds.reshape(-1, 1, 1), crowd)
        return np.broadcast_to(taken, (len(ignored), *taken.shape))
    free = np.ones((len(ignored), len(IOU_THRESHOLDS), ious.shape[1]), bool)
    taken = np.full((*free.shape[:2], len(ious)), -1)
    for row in np.flatnonzero((ious >= thresholds[0, 0, 0]).any(axis=1)):
        fits = free & (ious[row] >= thresholds)
        regular = fits & ~ignored[:, None, :]
        fits = np.where(regular.any(axis=2, keepdims=True), regular, fits)
        column = _last_best(np.where(fits, ious[row], -1.0))
        taken[:, :, row] = np.where(fits.any(axis=2), column, -1)
        chosen = taken[:, :, row, None] == np.arange(len(crowd))
        free &= ~(chosen & ~crowd)
    return taken


def _assign_apart(ious: np.ndarray, thresholds: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """(T, D) as ``_assign`` where no prediction fits two true tracks: what is ignored changes
    nothing, and the first prediction to fit a track takes it. ``thresholds`` are (T, 1, 1)."""
    fits = ious.T >= thresholds  # (T, G, D)
    takes = fits & ((fits.cumsum(axis=2) == 1) | crowd[:, None])
    return np.where(takes.any(axis=1), takes.argmax(axis=1), -1)


def _last_best(values: np.ndarray) -> np.ndarray:
    """Index of the maximum along the last axis, the last one of equals."""
    return values.shape[-1] - 1 - values[..., ::-1].argmax(axis=-1)
