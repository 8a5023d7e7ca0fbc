"""Matches of a category as they would be if all errors of one kind were corrected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.arrays import Bools, Ints
from tpr.evaluation.errors.kinds import BACKGROUND, DUPLICATE, KINDS, MISSED, Outcome
from tpr.evaluation.scope import Group


@dataclass(frozen=True)
class Correction:
    """A category at one threshold with one kind of error corrected.

    Its matches have one area and one threshold, and end with the last hit.
    """

    kind: int
    threshold: int  # index into IOU_THRESHOLDS
    category: int  # index
    matches: CategoryMatches


def corrections(outcome: Outcome, truths: Group, found: Group, crowd: Bools) -> list[Correction]:
    """The corrections of all kinds at all thresholds, for the categories in which they change
    anything."""
    order = np.lexsort((np.arange(len(found.score)), -found.score))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    every: list[Correction] = []
    for kind in range(len(KINDS)):
        for threshold in range(len(outcome.hit)):
            fixed = _fixed(outcome, kind, threshold, found.category, truths.category, place)
            every += fixed.corrections(kind, threshold, truths, found, order, ~crowd)
    return every


@dataclass(frozen=True)
class _Fixed:
    """D predictions and G true tracks at one threshold, one kind of error corrected."""

    hit: Bools
    counted: Bools
    category: Ints
    missed: Bools  # (G,) true tracks that are wanted no more
    changed: Ints  # indices of the categories that differ

    def corrections(
        self, kind: int, threshold: int, truths: Group, found: Group, order: Ints, real: Bools
    ) -> Iterator[Correction]:
        """``order``: predictions by falling score; ``real``: (G,) no crowd."""
        shown = order[self.counted[order]]
        shown = shown[np.argsort(self.category[shown], kind="stable")]
        true_order = np.argsort(truths.category, kind="stable")
        for category in self.changed.tolist():
            own, true = (
                places[slice(*np.searchsorted(of[places], [category, category + 1]))]
                for of, places in ((self.category, shown), (truths.category, true_order))
            )
            own = own[: np.flatnonzero(self.hit[own]).max(initial=-1) + 1]
            hit = self.hit[own][None, None]
            matches = CategoryMatches(
                found.video[own],
                np.zeros(len(own), np.int64),
                hit,
                np.ones_like(hit),
                truths.video[true],
                (real & ~self.missed)[true][None],
            )
            yield Correction(kind, threshold, category, matches)


def _fixed(
    outcome: Outcome, kind: int, threshold: int, category: Ints, true_category: Ints, place: Ints
) -> _Fixed:
    """``place``: (D,) in the order of all predictions by falling score."""
    hit, counted = outcome.hit[threshold], outcome.counted[threshold]
    wrong, missed = outcome.kind[threshold] == kind, outcome.missed[threshold]
    if kind == MISSED:
        return _Fixed(hit, counted, category, missed, np.unique(true_category[missed]))
    missed = np.zeros_like(missed)
    if kind in (DUPLICATE, BACKGROUND):
        return _Fixed(hit, counted & ~wrong, category, missed, np.unique(category[wrong]))
    claims = np.flatnonzero(wrong | hit)
    target = outcome.target[threshold][claims]
    order = np.lexsort((place[claims], target))
    first = np.diff(target[order], prepend=-1) > 0
    best, rest = claims[order[first]], claims[order[~first]]
    hit, counted, moved = hit.copy(), counted.copy(), category.copy()
    hit[best], hit[rest], counted[rest] = True, False, False
    moved[best] = true_category[target[order[first]]]
    changed = np.union1d(category[wrong], true_category[target[wrong[claims]]])
    return _Fixed(hit, counted, moved, missed, changed)
