"""From matches to average precision and recall, for any weighting of the videos.

A weighting gives every video a count: ones for the plain result, the numbers of draws for a
bootstrap. Matches are sorted by score once; a weighting then costs a few cumulative sums.
"""

from dataclasses import dataclass

import numpy as np

RECALL_LEVELS = np.linspace(0, 1, 101)
_CHUNK = 4_000_000  # elements of the largest temporary array


@dataclass(frozen=True)
class CategoryMatches:
    """Matches of a category: its predictions by falling score (ties: video order, then rank in the
    video), and its true tracks."""

    video: np.ndarray  # (N,) index of the prediction's video
    rank: np.ndarray  # (N,) place within video and category
    hit: np.ndarray  # (A, T, N) bool
    counted: np.ndarray  # (A, T, N) bool
    true_video: np.ndarray  # (G,) index of the true track's video
    wanted: np.ndarray  # (A, G) bool: it is to be found

    @property
    def positives(self) -> np.ndarray:
        """(A,) true tracks to be found."""
        return self.wanted.sum(axis=1)


def plain_precision(matches: CategoryMatches, limit: int) -> np.ndarray:
    """(A, T, R) precision at the recall levels, every video counting once; -1 without positives.

    The same operations on the same numbers as in the reference: not a bit differs. The precision at
    a recall level is the best one from the first prediction that reaches it on. That is always a
    hit, so that it is enough to look up the k-th hit, k being what the level needs.
    """
    positives, thresholds = matches.positives, matches.hit.shape[1]
    kept = matches.rank < limit
    out = np.full((len(positives), thresholds, len(RECALL_LEVELS)), -1.0)
    areas = np.flatnonzero(positives)
    if not len(areas):
        return out
    hit, counted = matches.hit[areas][..., kept], matches.counted[areas][..., kept]
    precision = np.cumsum(hit, axis=2) / (np.cumsum(counted, axis=2) + np.spacing(1))
    best = np.maximum.accumulate(precision[..., ::-1], axis=2)[..., ::-1]
    number = np.count_nonzero(hit, axis=2)  # of hits, (areas, T)
    before = (np.cumsum(number) - number.ravel()).reshape(number.shape)
    needed = np.stack([_needed(positives[area]) for area in areas])[:, None]  # (areas, 1, R)
    reached = needed < number[..., None]
    at_hits = np.append(best[hit], 0.0)
    out[areas] = np.where(reached, at_hits[np.where(reached, before[..., None] + needed, -1)], 0.0)
    return out


def _needed(positives: int) -> np.ndarray:
    """(R,) hits before the one that reaches each recall level; level 0 is reached by the first."""
    return np.searchsorted(np.arange(1, positives + 1) / positives, RECALL_LEVELS, side="left")


def plain_recall(matches: CategoryMatches, limit: int) -> np.ndarray:
    """(A, T) final recall, every video counting once; -1 without positives."""
    positives = matches.positives[:, None]
    hits = np.count_nonzero(matches.hit[..., matches.rank < limit], axis=2)
    return np.where(positives > 0, hits / np.maximum(positives, 1), -1.0)


def average_recall(
    matches: CategoryMatches, weights: np.ndarray, area: int, limit: int, thresholds: list[int]
) -> np.ndarray:
    """Recall, (B, thresholds), for (B, V) ``weights`` of the videos; -1 without positives."""
    positives = _positives(matches, weights, area)[:, None]
    hit = matches.hit[area][thresholds] & (matches.rank < limit)
    threshold, place = np.nonzero(hit)
    videos, index = np.unique(matches.video[place], return_inverse=True)
    by_video = np.zeros((len(videos), len(thresholds)), np.int64)
    np.add.at(by_video, (index, threshold), 1)
    hits = weights[:, videos] @ by_video
    return np.where(positives > 0, hits / np.maximum(positives, 1), -1.0)


def average_precision(
    matches: CategoryMatches, weights: np.ndarray, area: int, limit: int, thresholds: list[int]
) -> np.ndarray:
    """Mean precision over recall levels, (B, thresholds), for (B, V) ``weights`` of the videos; -1
    without positives. ``limit`` predictions a video count."""
    kept = np.flatnonzero(matches.rank < limit)
    step = max(1, _CHUNK // max(1, len(kept)))
    parts = [
        _chunk(matches, weights[at : at + step], area, kept, thresholds)
        for at in range(0, len(weights), step)
    ]
    return np.concatenate(parts)


def _positives(matches: CategoryMatches, weights: np.ndarray, area: int) -> np.ndarray:
    """(B,) true tracks to be found."""
    videos, number = np.unique(matches.true_video[matches.wanted[area]], return_counts=True)
    return weights[:, videos] @ number


def _chunk(
    matches: CategoryMatches,
    weights: np.ndarray,
    area: int,
    kept: np.ndarray,
    thresholds: list[int],
) -> np.ndarray:
    positives = _positives(matches, weights, area)
    precision = np.full((len(weights), len(thresholds)), -1.0)
    defined = np.flatnonzero(positives)
    if len(defined):
        seen = weights[np.ix_(defined, matches.video[kept])]
        for place, threshold in enumerate(thresholds):
            precision[defined, place] = _precision(
                seen,
                matches.hit[area, threshold, kept],
                matches.counted[area, threshold, kept],
                positives[defined],
            )
    return precision


def _precision(
    seen: np.ndarray, hit: np.ndarray, counted: np.ndarray, positives: np.ndarray
) -> np.ndarray:
    """Mean interpolated precision, (B,), at one threshold; ``seen`` is (B, N).

    Precision after a false positive is never above that after the true positive before it, so only
    true positives need looking at. The precision at a recall level is the best one from the first
    prediction that reaches the level on: each true positive stands for the levels it newly reaches.
    """
    columns = np.flatnonzero(hit[counted])
    if not len(columns):
        return np.zeros(len(seen))
    total = np.cumsum(seen[:, counted], axis=1)[:, columns]
    found = np.cumsum(seen[:, hit], axis=1)
    precision = found / (total + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    reached = np.searchsorted(RECALL_LEVELS, found / positives[:, None], side="right")
    levels = np.diff(reached, axis=1, prepend=0)
    return (best * levels).sum(axis=1) / len(RECALL_LEVELS)
