"""AP that is lost to each kind of error, for any weighting of the videos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches, average_precision
from tpr.evaluation.arrays import Floats, Ints
from tpr.evaluation.errors.correction import Correction
from tpr.evaluation.errors.kinds import KINDS
from tpr.evaluation.errors.levels import OverlapLevels
from tpr.evaluation.matching import IOU_THRESHOLDS
from tpr.evaluation.summary import ALL, EVERY_THRESHOLD

LIMIT = 100  # results of a video and category, as AP is defined


def losses(
    matches: dict[int, CategoryMatches], corrections: list[Correction], weights: Ints
) -> Floats:
    """(kinds, B, thresholds) AP with all errors of a kind corrected minus AP; -1 where there are
    no true tracks.

    ``matches``: of the categories by index; ``weights``: (B, V) how often each video counts. The
    mean over thresholds is the loss in AP, the first one that in AP50. A category whose true tracks
    are all missed has AP 1 once they are not asked for.
    """
    thresholds = len(IOU_THRESHOLDS)
    before = {
        category: average_precision(one, weights, ALL, LIMIT, EVERY_THRESHOLD)
        for category, one in matches.items()
        if one.wanted[ALL].any()
    }
    lost = np.zeros((len(KINDS), len(weights), thresholds))
    for one in corrections:
        if one.category in before:
            old = before[one.category][:, one.threshold]
            new = average_precision(one.matches, weights, ALL, LIMIT, [0])[:, 0]
            gain = np.where(new < 0, 1.0, new) - old
            lost[one.kind, :, one.threshold] += np.where(old < 0, 0.0, gain)
    if not before:
        return np.full(lost.shape, -1.0)
    categories = np.sum([one[:, 0] >= 0 for one in before.values()], axis=0)
    defined = np.maximum(categories, 1)[:, None]
    return np.where(categories[:, None] > 0, lost / defined, -1.0)


@dataclass(frozen=True)
class Errors:
    """Errors of an evaluation: what they cost and how many they are."""

    corrections: list[Correction]
    matches: dict[int, CategoryMatches]  # by index of the categories with true tracks
    numbers: Ints  # (kinds, V) errors at IoU 0.50 by video
    switches: Ints  # (V,) identity switches
    fragmentations: Ints  # (V,)
    levels: OverlapLevels

    def number(self) -> dict[str, int]:
        """Errors at IoU 0.50 of all videos, by kind."""
        return dict(zip(KINDS, self.numbers.sum(axis=1).tolist(), strict=True))

    def lost(self, weights: Ints | None = None) -> dict[str, Floats]:
        """(B,) AP by kind, for (B, V) weights of the videos; None: each counts once, (1,)."""
        if weights is None:
            weights = np.ones((1, self.numbers.shape[1]), np.int64)
        found = losses(self.matches, self.corrections, weights)
        return {kind: one.mean(axis=1) for kind, one in zip(KINDS, found, strict=True)}
