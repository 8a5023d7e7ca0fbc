"""For each prediction the true tracks with the highest IoU: of its own category, and of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.arrays import Bools, Floats, Ints
from tpr.evaluation.frame_overlaps import FrameOverlaps

LEAST = 0.1  # IoU below which a prediction lies on nothing


@dataclass(frozen=True)
class Nearest:
    """The nearest true tracks of each of D predictions, without crowds."""

    own: Ints  # (D,) the true track of its category with the highest IoU; -1 without one
    own_iou: Floats  # (D,)
    followed_iou: Floats  # (D,) IoU with it over the frames alone in which they meet
    other: Ints  # (D,) the true track of another category with the highest IoU; -1 without one
    other_iou: Floats  # (D,)

    @classmethod
    def of(cls, results: int) -> Nearest:
        """For predictions that overlap no true track."""
        nothing = np.full(results, -1), np.zeros(results)
        own, own_iou = nothing
        return cls(own, own_iou, np.zeros(results), own.copy(), own_iou.copy())

    def add(
        self, results: slice, truths: slice, overlaps: FrameOverlaps, same: Bools, crowd: Bools
    ) -> None:
        """Enters the true tracks of one video. ``same``: (D, G) whether both are of one category;
        ``crowd``: (G,)."""
        if not overlaps.track_iou.size:
            return
        rows = np.arange(len(same))
        for true, iou, fitting in (
            (self.own, self.own_iou, same),
            (self.other, self.other_iou, ~same),
        ):
            values = np.where(fitting & ~crowd, overlaps.track_iou, -1.0)
            best = values.argmax(axis=1)
            found = values[rows, best] > 0
            true[results] = np.where(found, best + truths.start, -1)
            iou[results] = values[rows, best].clip(0)
        best = (self.own[results] - truths.start).clip(0)
        self.followed_iou[results] = np.where(
            self.own[results] >= 0, _while_meeting(overlaps, rows, best), 0.0
        )


def _while_meeting(overlaps: FrameOverlaps, rows: Ints, true: Ints) -> Floats:
    """(D,) IoU of all pixels in the frames in which prediction and true track meet, that is have
    an IoU of LEAST."""
    meet = overlaps.iou[rows, true] >= LEAST
    shared = (overlaps.shared[rows, true] * meet).sum(axis=1)
    areas = ((overlaps.areas + overlaps.true_areas[true]) * meet).sum(axis=1)
    return np.divide(shared, areas - shared, out=np.zeros(len(rows)), where=areas > 0)
