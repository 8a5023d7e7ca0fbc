"""Identity switches and fragmentations, as CLEAR MOT counts them (Bernardin and Stiefelhagen, 2008;
the same numbers as TrackEval's)."""

from __future__ import annotations

import numpy as np

from tpr.evaluation.arrays import Bools, Floats, Ints
from tpr.evaluation.tracking.assignment import best_pairs

LEAST = 0.5  # IoU of single masks
_KEPT = 1000  # what going on with the same prediction weighs beside any IoU
_EPSILON = float(np.finfo(float).eps)


def switches(iou: Floats, there: Bools, true_there: Bools) -> tuple[int, int]:
    """Identity switches, and fragmentations, of one video and category: of D predictions and G true
    tracks, (D, G, T) IoU, (D, T) and (G, T) in which frames each has a mask.

    In each frame predictions are matched to true tracks at an IoU of LEAST, those first that were
    matched in the frame before. A true track that is matched to another prediction than the last
    one it was matched to is a switch; one that is matched again after frames in which it was not, a
    fragmentation. Frames that are empty on one side are passed over.
    """
    if not iou.size:
        return 0, 0
    truths = iou.shape[1]
    last, before = np.full(truths, -1), np.full(truths, -1)  # predictions: ever, one frame before
    switched, begun = 0, np.zeros(truths, np.int64)
    for frame in np.flatnonzero(there.any(axis=0) & true_there.any(axis=0)):
        results, present = np.flatnonzero(there[:, frame]), np.flatnonzero(true_there[:, frame])
        rows, columns = _matched(
            iou[np.ix_(results, present)][..., frame], results, before[present]
        )
        true, result = present[rows], results[columns]
        switched += int(np.count_nonzero((last[true] >= 0) & (last[true] != result)))
        begun[true] += before[true] < 0
        last[true] = result
        before = np.full(truths, -1)
        before[true] = result
    return switched, int((begun - 1).clip(0).sum())


def _matched(iou: Floats, results: Ints, before: Ints) -> tuple[Ints, Ints]:
    """Rows of true tracks and columns of predictions, matched in a frame, of (D, G) IoU; results:
    (D,) predictions; before: (G,) those matched one frame before."""
    scores = iou.T + _KEPT * (results == before[:, None])
    scores[iou.T < LEAST - _EPSILON] = 0
    return best_pairs(scores)
