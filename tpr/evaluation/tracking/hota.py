"""HOTA (Luiten et al., IJCV 2021) with DetA and AssA, and IDF1 (Ristani et al., 2016), of one
video and category; the same numbers as TrackEval's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.arrays import Bools, Floats, Ints
from tpr.evaluation.tracking.assignment import best_pairs

ALPHAS = np.arange(0.05, 0.99, 0.05)  # IoU of single masks
IDENTITY = 0.5  # IoU of single masks for IDF1
_EPSILON = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Counts:
    """The counts that the numbers are computed from; those of several videos add up."""

    masks: int  # of predictions
    true_masks: int
    matched: Floats  # (A,) pairs of masks, by alpha
    associated: Floats  # (A,) their sum of how well their two tracks agree
    identified: int  # pairs of masks of tracks that stand for one another
    lengths: Ints  # (P,) masks of both tracks, of pairs of tracks that match in some frame
    together: Ints  # (P, A) frames in which they match


def counts(iou: Floats, there: Bools, true_there: Bools) -> Counts:
    """Of D predictions and G true tracks: (D, G, T) IoU, (D, T) and (G, T) in which frames each has
    a mask."""
    lengths, true_lengths = there.sum(axis=1), true_there.sum(axis=1)
    both = lengths[:, None] + true_lengths
    matched, associated, identified = np.zeros(len(ALPHAS)), np.zeros(len(ALPHAS)), 0
    together = np.zeros((len(ALPHAS), *both.shape), np.int64)
    if iou.size:
        result, true, value = _matches(iou, there, true_there)
        for place, alpha in enumerate(ALPHAS):
            close = value >= alpha - _EPSILON
            number = together[place]
            np.add.at(number, (result[close], true[close]), 1)
            matched[place] = np.count_nonzero(close)
            associated[place] = (number * number / np.maximum(1, both - number)).sum()
        same = (iou >= IDENTITY).sum(axis=2)
        identified = int(same[best_pairs(same)].sum())
    met = together.any(axis=0)
    return Counts(
        int(lengths.sum()),
        int(true_lengths.sum()),
        matched,
        associated,
        identified,
        both[met],
        together[:, met].T,
    )


def _matches(iou: Floats, there: Bools, true_there: Bools) -> tuple[Ints, Ints, Floats]:
    """Predictions and true tracks matched in some frame, frame by frame, and the IoU there: those
    first that agree over the whole video."""
    both = there.sum(axis=1)[:, None] + true_there.sum(axis=1)
    rest = iou.sum(axis=0)[None] + iou.sum(axis=1)[:, None] - iou
    share = np.divide(iou, rest, out=np.zeros_like(iou), where=rest > _EPSILON)
    total = np.add.accumulate(share, axis=2)[..., -1]  # in turn: another order has other last bits
    scores = (total / np.maximum(both - total, 1))[..., None] * iou
    found = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for frame in np.flatnonzero(scores.any(axis=(0, 1))):
        results, truths = np.flatnonzero(there[:, frame]), np.flatnonzero(true_there[:, frame])
        rows, columns = best_pairs(scores[np.ix_(results, truths, [frame])][..., 0].T)
        result, true = results[columns], truths[rows]
        found.append((result, true, iou[result, true, frame]))
    result, true, value = (np.concatenate(part) for part in zip(*found, strict=True))
    return result, true, value
