"""AP lost to kinds of errors, made again from what each prediction lies on.

By docs/evaluator.md: at each threshold every false positive is of the first kind that holds, and
the AP that a category would have with all errors of one kind corrected is counted anew.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from reports.verify.recounted.matches import Array, Kept, Matches
from reports.verify.recounted.recount import ap_by_category, percent

KINDS = ("classification", "duplicate", "spatial", "temporal", "both", "background", "missed")
GO = ("duplicate", "background")  # once corrected; others find what they mean
LIMIT = 100  # predictions of a video and category


@dataclass(frozen=True)
class Threshold:
    """Predictions at one of the ten: kind (N,) of false positives, else ""; means (N,) the true
    object found or meant, -1 for none."""

    hit: Array
    counted: Array
    kind: Array
    means: Array


@dataclass(frozen=True)
class Lost:
    """weights: (B, V) how often each draw has each video."""

    kept: Kept
    weights: Array

    def measures(self) -> dict[str, Any]:
        """As a record holds them, in percent."""
        first, columns = self.thresholds[0], self.kept.errors
        number = {kind: int(np.count_nonzero(first.kind == kind)) for kind in KINDS}
        number["missed"] = int(np.count_nonzero(self.missed(first)))
        return {f"lost_{kind}": percent(float(self.by_kind[kind][0])) for kind in KINDS} | {
            "errors": number,
            "identity_switches": int(columns["switches"].sum()),
            "fragmentations": int(columns["fragmentations"].sum()),
        }

    def draws(self, kind: str) -> Array:
        """(B,) AP in [0, 1]; NaN where undefined."""
        return self.by_kind[kind][1:]

    @cached_property
    def by_kind(self) -> dict[str, Array]:
        """(1 + B,) AP in [0, 1], of all videos first; NaN where undefined."""
        tracks, categories = self.kept.tracks, len(self.kept.about["categories"])
        weights = np.insert(self.weights, 0, 1, axis=0)
        lost = {kind: np.zeros(len(weights)) for kind in KINDS}
        for place, threshold in enumerate(self.thresholds):
            before = ap_by_category(tracks, weights, categories, 0, [place])
            defined = np.isfinite(before)
            for kind in KINDS:
                fixed = self.corrected(threshold, kind)
                after = ap_by_category(fixed, weights, categories, 0, [0])
                after = np.where(np.isfinite(after), after, 1.0)  # none is asked for any more
                gain = np.where(defined, after - before, 0.0).sum(axis=1)
                with np.errstate(invalid="ignore"):
                    lost[kind] += gain / defined.sum(axis=1)
        return {kind: total / len(self.thresholds) for kind, total in lost.items()}

    @cached_property
    def place(self) -> Array:
        """(N,) of each prediction in the order of all by falling score."""
        sequence = self.kept.errors["sequence"]
        place = np.empty(len(sequence), np.int64)
        place[np.argsort(self.kept.tracks.category, kind="stable")] = np.argsort(
            sequence, kind="stable"
        )
        return place

    def truth(self, number: Array) -> Array:
        """(N,) rows of the true objects that are numbered from 1 within the predictions' videos."""
        of_video = np.argsort(self.kept.tracks.true_video, kind="stable")
        first = np.searchsorted(self.kept.tracks.true_video[of_video], self.kept.tracks.video)
        row = np.append(of_video, -1)[np.where(number > 0, first + number - 1, -1)]
        return np.where(number > 0, row, -1)

    @cached_property
    def thresholds(self) -> list[Threshold]:
        return [self._threshold(place) for place in range(10)]

    def _threshold(self, place: int) -> Threshold:
        tracks, columns = self.kept.tracks, self.kept.errors
        known = tracks.rank < LIMIT
        hit, counted = tracks.hit[0, place] & known, tracks.counted[0, place] & known
        own, other = self.truth(columns["own"]), self.truth(columns["other"])
        reached = 2 + place  # the first level is that of touching at all
        touches = columns["own_level"] >= 1
        kind = np.full(len(hit), "background", object)
        means = np.full(len(hit), -1)
        for name, holds, meant in reversed(
            (
                ("duplicate", columns["own_level"] >= reached, own),
                ("temporal", touches & (columns["followed_level"] >= reached), own),
                ("classification", columns["other_level"] >= reached, other),
                ("spatial", touches, own),
                ("both", columns["other_level"] >= 1, other),
            )
        ):
            kind[holds], means[holds] = name, meant[holds]
        kind[~counted | hit] = ""
        elsewhere = columns["elsewhere"][place]
        found = np.where(elsewhere > 0, self.truth(elsewhere), own)
        means = np.where(hit, found, np.where(counted, means, -1))
        return Threshold(hit, counted, kind, means)

    def missed(self, at: Threshold) -> Array:
        """(G,) true objects that no prediction finds or would find once corrected."""
        finds = at.hit | ((at.kind != "") & ~np.isin(at.kind, GO))
        found = np.isin(np.arange(len(self.kept.tracks.true_video)), at.means[finds])
        return self.kept.tracks.wanted[0] & ~found

    def corrected(self, at: Threshold, kind: str) -> Matches:
        """One area, one threshold."""
        tracks = self.kept.tracks
        hit, counted, category = at.hit.copy(), at.counted.copy(), tracks.category.copy()
        wanted = tracks.wanted[0].copy()
        if kind == "missed":
            wanted &= ~self.missed(at)
        elif kind in GO:
            counted &= at.kind != kind
        else:
            claims = np.flatnonzero(at.hit | (at.kind == kind))
            claims = claims[np.argsort(self.place[claims])]
            best = claims[np.unique(at.means[claims], return_index=True)[1]]
            hit[claims], counted[claims] = False, False
            hit[best], counted[best] = True, True
            category[best] = tracks.true_category[at.means[best]]
        order = np.lexsort((self.place, category))
        order = order[counted[order]]
        return Matches(
            tracks.video[order], category[order], np.zeros(len(order), np.int64),
            hit[order][None, None], counted[order][None, None],
            tracks.true_video, tracks.true_category, wanted[None],
        )  # fmt: skip
