"""HOTA, DetA, AssA and IDF1 of a set of videos, for any weighting of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.arrays import Floats, Ints
from tpr.evaluation.frame_overlaps import FrameOverlaps
from tpr.evaluation.scope import Group, Scope, by_category
from tpr.evaluation.tracking.hota import ALPHAS, Counts, counts

TRACKING = ("HOTA", "DetA", "AssA", "IDF1")


@dataclass(frozen=True)
class Tracking:
    """Counts of R pairs of a video and a category that have tracks.

    Numbers are means over all categories, of which those without any track count as 0, and HOTA,
    DetA and AssA means over alphas, as TrackEval has them for YouTube-VIS.
    """

    video: Ints  # (R,) index
    category: Ints  # (R,) index
    masks: Ints  # (R, 2) of predictions and true ones
    matched: Floats  # (R, A)
    associated: Floats  # (R, A)
    identified: Ints  # (R,)
    row: Ints  # (P,) of each pair of tracks that match in some frame
    lengths: Ints  # (P,) masks of both
    together: Ints  # (P, A) frames in which they match
    categories: int
    videos: int

    def numbers(self, weights: Ints | None = None) -> dict[str, Floats]:
        """Each in [0, 1] for each of (B, V) weights of the videos, (B,); None: each counts once.

        0 without tracks."""
        if weights is None:
            weights = np.ones((1, self.videos), np.int64)
        total = np.zeros((len(TRACKING), len(weights)))
        for category in np.unique(self.category):
            own = self.category == category
            total += self._category(own, weights[:, self.video[own]])
        means = total / max(self.categories, 1)
        return dict(zip(TRACKING, means, strict=True))

    def _category(self, own: np.ndarray, weights: Ints) -> Floats:
        """(4, B) of the rows ``own``, which have (B, r) weights."""
        masks = (weights @ self.masks[own].sum(axis=1))[:, None]
        matched, associated = weights @ self.matched[own], weights @ self.associated[own]
        detection = matched / np.maximum(1, masks - matched)
        association = associated / np.maximum(1, matched)
        hota = np.sqrt(detection * association)
        identified = weights @ self.identified[own]
        f1 = identified / np.maximum(1, masks[:, 0] / 2)
        return np.stack([*(one.mean(axis=1) for one in (hota, detection, association)), f1])


class TrackingWatch:
    """Takes the overlaps of one video at a time."""

    def __init__(self, truths: Group, found: Group) -> None:
        self.truths, self.found = truths, found
        self.rows: list[tuple[int, int, Counts]] = []

    def see(self, truths: slice, results: slice, overlaps: FrameOverlaps) -> None:
        """Enters one video's tracks and their overlaps."""
        (video, *_) = [*self.found.video[results], *self.truths.video[truths]]
        for category, own, true in by_category(self.found, self.truths, results, truths):
            iou, there = overlaps.iou[own][:, true], overlaps.there[own]
            counted = counts(iou, there, overlaps.true_there[true])
            self.rows.append((int(video), category, counted))

    def tracking(self, scope: Scope) -> Tracking:
        found = [counted for _, _, counted in self.rows]
        return Tracking(
            np.array([video for video, _, _ in self.rows], np.int64),
            np.array([category for _, category, _ in self.rows], np.int64),
            np.array([(one.masks, one.true_masks) for one in found], np.int64).reshape(-1, 2),
            np.array([one.matched for one in found]).reshape(-1, len(ALPHAS)),
            np.array([one.associated for one in found]).reshape(-1, len(ALPHAS)),
            np.array([one.identified for one in found], np.int64),
            np.repeat(np.arange(len(found)), [len(one.lengths) for one in found]),
            np.concatenate([np.zeros(0, np.int64), *(one.lengths for one in found)]),
            np.concatenate(
                [np.zeros((0, len(ALPHAS)), np.int64), *(one.together for one in found)]
            ),
            len(scope.category_ids),
            len(scope.videos),
        )
