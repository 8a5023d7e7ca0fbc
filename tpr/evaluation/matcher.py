"""The matches of an evaluation by category, for any ranges of true tracks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.matching import Pairs, match, outside_of
from tpr.evaluation.scope import Group, Scope


@dataclass(frozen=True)
class Matcher:
    """True tracks and predictions whose IoU is known."""

    scope: Scope
    truths: Group
    found: Group
    pairs: Pairs

    @cached_property
    def crowd(self) -> np.ndarray:
        """(G,) bool."""
        return np.array([track.iscrowd for track in self.truths.tracks], bool)

    def matches(
        self, ranges: np.ndarray, true_values: np.ndarray, values: np.ndarray
    ) -> dict[int, CategoryMatches]:
        """By category id, where it has tracks: matches for ranges (A, 2) of a trait, of which true
        tracks have ``true_values`` and predictions ``values``."""
        truths, found = self.truths, self.found
        ids = np.array([track.id for track in truths.tracks], object)
        ignored = outside_of(ranges, true_values) | self.crowd
        hit, counted = match(self.pairs, outside_of(ranges, values), ignored, self.crowd, ids)
        order = found.ranked
        true_order = np.argsort(truths.category, kind="stable")
        matches: dict[int, CategoryMatches] = {}
        for category in np.union1d(found.category, truths.category).tolist():
            own, true = (
                places[slice(*np.searchsorted(side.category[places], [category, category + 1]))]
                for side, places in ((found, order), (truths, true_order))
            )
            matches[self.scope.category_ids[category]] = CategoryMatches(
                found.video[own],
                found.rank[own],
                hit[..., own],
                counted[..., own],
                truths.video[true],
                ~ignored[:, true],
            )
        return matches
