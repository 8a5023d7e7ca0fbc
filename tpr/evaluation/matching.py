"""Greedy matching of predicted to true tracks within one video and category, at every threshold."""

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.arrays import Bools, Ints

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
# all, small, medium, large: mean pixels of a track, both ends included
AREA_RANGES = np.array([[0, 1e10], [0, 128**2], [128**2, 256**2], [256**2, 1e10]])
_LEAST = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)  # as the reference compares


@dataclass(frozen=True)
class Pairs:
    """P pairs of a prediction with a true track of its video and category, by ascending prediction.

    Predictions of a video and category are numbered in turn by falling score, true tracks in turn
    in file order; each prediction is paired with all of them.
    """

    result: np.ndarray  # (P,)
    truth: np.ndarray  # (P,)
    iou: np.ndarray  # (P,)


def match(
    pairs: Pairs, outside: np.ndarray, ignored: np.ndarray, crowd: np.ndarray, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Flags of D predictions, A (ranges) x T (thresholds) x D: hits (true positives), and counted
    ones, true or false positive, where the others are ignored.

    ``outside``: (A, D) bool, the prediction is out of range; ``ignored``: (A, G), the true track is
    out of range or a ``crowd`` (G,). A prediction, best score first, takes the free true track of
    highest IoU at or above the threshold, the last of equals. An ignored one is taken only when no
    other fits, and then the prediction counts neither way. A crowd stays free.
    """
    taken = assign(pairs, outside.shape[1], ignored, crowd)
    matched = taken >= 0
    # one more column is that of -1, which no prediction that matched looks up
    spare = np.zeros((len(ignored), 1), bool)
    to_ignored = np.hstack([ignored, spare])[np.arange(len(ignored))[:, None, None], taken]
    # The reference stores a match as the true track's id, so that id 0 reads as "not matched".
    found = matched & np.append(ids != 0, False).astype(bool)[taken]
    counted = ~(matched & to_ignored) & (found | ~outside[:, None, :])
    return found & counted, counted


def outside_of(ranges: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(A, n) bool: whether a value is out of a range. Both ends belong to a range; NaN is
    outside."""
    return ~((values >= ranges[:, :1]) & (values <= ranges[:, 1:]))


def assign(pairs: Pairs, results: int, ignored: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """(A, T, D) true track, or crowd, taken by each prediction, or -1; as ``match``."""
    taken = np.full((len(ignored), len(_LEAST), results), -1)
    fitting = pairs.iou >= _LEAST[0]
    result, truth, iou = pairs.result[fitting], pairs.truth[fitting], pairs.iou[fitting]
    # groups of what can be matched at all: predictions and true tracks that fit one another
    group = _first_truth(pairs)[fitting]
    several = np.unique(group[1:][result[1:] == result[:-1]])  # a prediction has a choice
    apart = ~np.isin(group, several)
    _assign_apart(taken, result[apart], truth[apart], iou[apart], crowd)
    for one in several:
        own = group == one
        _assign_group(taken, result[own], truth[own], iou[own], ignored, crowd)
    return taken


def _first_truth(pairs: Pairs) -> np.ndarray:
    """(P,) the first true track of a pair's video and category, which stands for both."""
    begins = np.diff(pairs.result, prepend=-1) > 0
    return pairs.truth[begins][np.cumsum(begins) - 1]


def _assign_apart(
    taken: np.ndarray, result: np.ndarray, truth: np.ndarray, iou: np.ndarray, crowd: np.ndarray
) -> None:
    """Where no prediction fits two true tracks: what is ignored changes nothing, and the first
    prediction to fit a track takes it."""
    if not len(result):
        return
    order = np.argsort(truth, kind="stable")
    result, truth, iou = result[order], truth[order], iou[order]
    fits = iou >= _LEAST[:, None]  # (T, n)
    number = np.cumsum(fits, axis=1) - fits  # earlier ones that fit
    begins = np.flatnonzero(np.diff(truth, prepend=-1))
    earlier = number - np.repeat(number[:, begins], np.diff(np.append(begins, len(truth))), axis=1)
    taken[:, :, result] = np.where(fits & ((earlier == 0) | crowd[truth]), truth, -1)


def _assign_group(
    taken: np.ndarray,
    result: np.ndarray,
    truth: np.ndarray,
    iou: np.ndarray,
    ignored: np.ndarray,
    crowd: np.ndarray,
) -> None:
    """One video and category, prediction by prediction."""
    rows, columns = np.unique(result), np.unique(truth)
    table = np.full((len(rows), len(columns)), -1.0)
    table[np.searchsorted(rows, result), np.searchsorted(columns, truth)] = iou
    ignored, crowd = ignored[:, None, columns], crowd[columns]
    free: Bools = np.ones((len(ignored), len(_LEAST), len(columns)), bool)
    for row, ious in zip(rows, table, strict=True):
        fits: Bools = np.logical_and(free, ious >= _LEAST[:, None])
        regular: Bools = fits & ~ignored
        fits = np.where(regular.any(axis=2, keepdims=True), regular, fits)
        column = _last_best(np.where(fits, ious, -1.0))
        found: Bools = np.logical_or.reduce(fits, axis=2)
        taken[:, :, row] = np.where(found, columns[column], -1)
        chosen = found[..., None] & np.equal(column[..., None], np.arange(len(columns)))
        free &= ~(chosen & ~crowd)


def _last_best(values: np.ndarray) -> Ints:
    """Index of the maximum along the last axis, the last one of equals."""
    return values.shape[-1] - 1 - values[..., ::-1].argmax(axis=-1)
