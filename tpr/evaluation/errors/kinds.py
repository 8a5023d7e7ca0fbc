"""Which kind of error each prediction and each true track is, at every threshold of AP.

After TIDE (Bolya et al., ECCV 2020) and TIVE (Jia et al., 2022), which divides errors of
localisation into those in space and those in time. docs/evaluator.md has the definitions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpr.evaluation.arrays import Bools, Floats, Ints
from tpr.evaluation.errors.nearest import LEAST, Nearest
from tpr.evaluation.matching import IOU_THRESHOLDS, Pairs, assign, match

RIGHT = -1  # of predictions that are no error, or do not count
KINDS = ("classification", "duplicate", "spatial", "temporal", "both", "background", "missed")
CLASSIFICATION, DUPLICATE, SPATIAL, TEMPORAL, BOTH, BACKGROUND, MISSED = range(len(KINDS))


@dataclass(frozen=True)
class Outcome:
    """What became of D predictions and G true tracks at T thresholds."""

    hit: Bools  # (T, D) true positives
    counted: Bools  # (T, D) true and false positives
    kind: NDArray[np.int8]  # (T, D) of each false positive, else RIGHT
    target: Ints  # (T, D) the true track that a hit found and an error meant; -1 for none
    missed: Bools  # (T, G)


def outcome(
    pairs: Pairs, nearest: Nearest, counts: Bools, crowd: Bools, ids: NDArray[np.object_]
) -> Outcome:
    """``counts``: (D,) predictions that AP looks at; ``crowd``: (G,); ``ids``: (G,) of the true
    tracks."""
    ignored = crowd[None]
    nowhere = np.zeros((1, len(counts)), bool)
    hit, counted = (flags[0] & counts for flags in match(pairs, nowhere, ignored, crowd, ids))
    taken = assign(pairs, len(counts), ignored, crowd)[0]
    kind = np.full(hit.shape, RIGHT, np.int8)
    target = np.where(hit, taken, -1)
    for place, threshold in enumerate(IOU_THRESHOLDS):
        wrong = counted[place] & ~hit[place]
        found, meant = _kinds(nearest, threshold)
        kind[place, wrong], target[place, wrong] = found[wrong], meant[wrong]
    missed = np.tile(~crowd, (len(IOU_THRESHOLDS), 1))
    explained = hit | np.isin(kind, (CLASSIFICATION, SPATIAL, TEMPORAL, BOTH))
    rows, columns = np.nonzero(explained)
    missed[rows, target[rows, columns]] = False
    return Outcome(hit, counted, kind, target, missed)


def _kinds(nearest: Nearest, threshold: Floats) -> tuple[NDArray[np.int8], Ints]:
    """(D,) the kind of each prediction if it is an error, and (D,) the true track that was meant.

    The first kind that applies, by the IoU with true tracks, t being the threshold: DUPLICATE, at
    least t with one of its category (which another prediction has found); TEMPORAL, at least LEAST
    with one of its category, and t over the frames in which both are present; CLASSIFICATION, at
    least t with one of another category; SPATIAL, at least LEAST with one of its category; BOTH, at
    least LEAST with one of another; else BACKGROUND.
    """
    own, other = nearest.own_iou, nearest.other_iou
    rules = (
        (own >= threshold, DUPLICATE, nearest.own),
        ((own >= LEAST) & (nearest.followed_iou >= threshold), TEMPORAL, nearest.own),
        (other >= threshold, CLASSIFICATION, nearest.other),
        (own >= LEAST, SPATIAL, nearest.own),
        (other >= LEAST, BOTH, nearest.other),
    )
    holds = [rule[0] for rule in rules]
    kind = np.select(holds, [rule[1] for rule in rules], BACKGROUND).astype(np.int8)
    return kind, np.select(holds, [rule[2] for rule in rules], -1)
