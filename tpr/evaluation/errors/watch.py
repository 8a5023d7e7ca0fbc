"""Collects the overlaps of tracks during an evaluation, from which errors are found."""

from __future__ import annotations

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.arrays import Bools, Ints
from tpr.evaluation.errors.correction import corrections
from tpr.evaluation.errors.kinds import MISSED, Outcome, outcome
from tpr.evaluation.errors.levels import overlap_levels
from tpr.evaluation.errors.losses import LIMIT, Errors
from tpr.evaluation.errors.nearest import Nearest
from tpr.evaluation.errors.switches import switches
from tpr.evaluation.frame_overlaps import FrameOverlaps
from tpr.evaluation.matching import Pairs
from tpr.evaluation.scope import Group, Scope, by_category


class ErrorWatch:
    """Takes the overlaps of one video at a time, then finds the errors of all videos."""

    def __init__(self, truths: Group, found: Group) -> None:
        self.truths, self.found = truths, found
        self.nearest = Nearest.of(len(found.tracks))
        self.broken: list[tuple[int, int, int]] = []  # video, switches, fragmentations
        self.crowd: Bools = np.array([track.iscrowd for track in truths.tracks], bool)

    def see(self, truths: slice, results: slice, overlaps: FrameOverlaps) -> None:
        """Enters one video's tracks and their overlaps."""
        same = self.found.category[results, None] == self.truths.category[None, truths]
        self.nearest.add(results, truths, overlaps, same, self.crowd[truths])
        for _, own, true in by_category(self.found, self.truths, results, truths):
            found = switches(
                overlaps.iou[own][:, true], overlaps.there[own], overlaps.true_there[true]
            )
            if any(found):
                self.broken.append((int(self.found.video[results.start]), *found))

    def errors(self, pairs: Pairs, matches: dict[int, CategoryMatches], scope: Scope) -> Errors:
        """``pairs``: predictions with true tracks of their category; ``matches``: by category
        id."""
        place = {category: index for index, category in enumerate(scope.category_ids)}
        ids = np.array([track.id for track in self.truths.tracks], object)
        counts = self.found.counts & (self.found.rank < LIMIT)
        found = outcome(pairs, self.nearest, counts, self.crowd, ids)
        return Errors(
            corrections(found, self.truths, self.found, self.crowd),
            {place[category]: one for category, one in matches.items()},
            self._numbers(found, len(scope.videos)),
            *self._switches(len(scope.videos)),
            levels=overlap_levels(self.nearest, found, self.truths, self.found),
        )

    def _numbers(self, found: Outcome, videos: int) -> Ints:
        """(kinds, V) numbers of errors at the lowest threshold."""
        kinds = [self.found.video[found.kind[0] == kind] for kind in range(MISSED)]
        kinds.append(self.truths.video[found.missed[0]])
        return np.stack([np.bincount(one, minlength=videos) for one in kinds])

    def _switches(self, videos: int) -> Ints:
        """(2, V) identity switches and fragmentations."""
        found = np.zeros((2, videos), np.int64)
        for video, *number in self.broken:
            found[:, video] += number
        return found
