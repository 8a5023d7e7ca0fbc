"""What errors follow from beside the matches, in numbers small enough to be kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.arrays import Floats, Ints
from tpr.evaluation.errors.kinds import Outcome
from tpr.evaluation.errors.nearest import LEAST, Nearest
from tpr.evaluation.matching import IOU_THRESHOLDS
from tpr.evaluation.scope import Group

LEVELS = np.array([LEAST, *IOU_THRESHOLDS])


@dataclass(frozen=True)
class OverlapLevels:
    """What N predictions lie on, in the order of ``CategoryMatches``, category by category.

    A level says how many of LEVELS an IoU reaches. A true track is its place among those of its
    video by category, the first being 1; 0 is none.
    """

    sequence: Ints  # (N,) categories of all predictions by falling score
    own_level: Ints  # (N,) of the IoU with ``own``, see Nearest
    followed_level: Ints  # (N,) 0 where it is no higher than the first, and so decides nothing
    other_level: Ints  # (N,) 0 there, too
    own: Ints  # (N,) 0 at level 0
    other: Ints  # (N,) 0 at level 0
    elsewhere: Ints  # (T, N) the true track of a hit where that is not ``own``, else 0


def overlap_levels(
    nearest: Nearest, outcome: Outcome, truths: Group, found: Group
) -> OverlapLevels:
    """Of predictions that count in their video and category."""
    rows, by_score = found.ranked, np.argsort(-found.score, kind="stable")
    place = np.append(1 + np.arange(len(truths.video)), 0)  # the last one is that of -1
    place[:-1] -= np.searchsorted(truths.video, truths.video)
    own, followed, other = (
        _levels(iou[rows]) for iou in (nearest.own_iou, nearest.followed_iou, nearest.other_iou)
    )
    followed, other = (np.where(one > own, one, 0) for one in (followed, other))
    elsewhere = outcome.hit & (outcome.target != nearest.own)
    return OverlapLevels(
        found.category[by_score[found.counts[by_score]]],
        own,
        followed,
        other,
        np.where(own, place[nearest.own[rows]], 0),
        np.where(other, place[nearest.other[rows]], 0),
        np.where(elsewhere, place[outcome.target], 0)[:, rows],
    )


def _levels(iou: Floats) -> Ints:
    return np.searchsorted(LEVELS, iou, side="right")
