"""From matches to average precision and recall, for any weighting of the videos.

A weighting gives every video a count: ones for the plain result, the numbers of draws for a
bootstrap. Matches are sorted by score once; a weighting then costs a few cumulative sums.
"""

from dataclasses import dataclass

import numpy as np

from tpr.evaluation.matching import AREA_RANGES, IOU_THRESHOLDS, Matches

RECALL_LEVELS = np.linspace(0, 1, 101)
_CHUNK = 4_000_000  # elements of the largest temporary array


@dataclass(frozen=True)
class CategoryMatches:
    """Predictions of a category by falling score (ties: video order, then rank in the video)."""

    video: np.ndarray  # (N,) index of the prediction's video
    rank: np.ndarray  # (N,) place within video and category
    hit: np.ndarray  # (A, T, N) bool
    counted: np.ndarray  # (A, T, N) bool
    positives: np.ndarray  # (A, V) int64, true tracks to be found


def collect(per_video: dict[int, tuple[np.ndarray, Matches]], videos: int) -> CategoryMatches:
    """Join one category's (falling scores, matches) of each video, by ascending video index."""
    positives = np.zeros((len(AREA_RANGES), videos), np.int64)
    for video, (_, matches) in per_video.items():
        positives[:, video] = matches.positives
    order = sorted(per_video)
    lengths = [len(per_video[video][0]) for video in order]
    blank = np.zeros((len(AREA_RANGES), len(IOU_THRESHOLDS), 0), bool)
    scores = np.concatenate([np.zeros(0), *(per_video[video][0] for video in order)])
    by_score = np.argsort(-scores, kind="stable")
    hit = np.concatenate([blank, *(per_video[video][1].hit for video in order)], axis=2)
    counted = np.concatenate([blank, *(per_video[video][1].counted for video in order)], axis=2)
    rank = np.concatenate([np.zeros(0, int), *(np.arange(length) for length in lengths)])
    video = np.repeat(np.array(order, dtype=int), lengths)
    return CategoryMatches(
        video[by_score], rank[by_score], hit[..., by_score], counted[..., by_score], positives
    )


def average_precision(
    matches: CategoryMatches, weights: np.ndarray, area: int, limit: int, thresholds: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean precision over recall levels, and recall, each (B, thresholds); -1 without positives.

    ``weights`` is (B, V): B weightings of the videos. ``limit`` predictions a video count.
    """
    kept = np.flatnonzero(matches.rank < limit)
    step = max(1, _CHUNK // max(1, len(kept)))
    parts = [
        _chunk(matches, weights[at : at + step], area, kept, thresholds)
        for at in range(0, len(weights), step)
    ]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _chunk(matches, weights, area: int, kept: np.ndarray, thresholds: list[int]):
    positives = weights @ matches.positives[area]  # (B,)
    precision = np.full((len(weights), len(thresholds)), -1.0)
    recall = precision.copy()
    defined = np.flatnonzero(positives)
    if len(defined):
        seen = weights[np.ix_(defined, matches.video[kept])]
        for place, threshold in enumerate(thresholds):
            precision[defined, place], recall[defined, place] = _curve(
                seen,
                matches.hit[area, threshold, kept],
                matches.counted[area, threshold, kept],
                positives[defined],
            )
    return precision, recall


def _curve(seen, hit, counted, positives) -> tuple[np.ndarray, np.ndarray]:
    """Mean interpolated precision and final recall, (B,), at one threshold; ``seen`` is (B, N).

    Precision after a false positive is never above that after the true positive before it, so only
    true positives need looking at. The precision at a recall level is the best one from the first
    prediction that reaches the level on: each true positive stands for the levels it newly reaches.
    """
    columns = np.flatnonzero(hit[counted])
    if not len(columns):
        return np.zeros(len(seen)), np.zeros(len(seen))
    total = np.cumsum(seen[:, counted], axis=1)[:, columns]
    found = np.cumsum(seen[:, hit], axis=1)
    precision = found / (total + np.spacing(1))
    best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = found / positives[:, None]
    reached = np.searchsorted(RECALL_LEVELS, recall, side="right")
    levels = np.diff(reached, axis=1, prepend=0)
    return (best * levels).sum(axis=1) / len(RECALL_LEVELS), recall[:, -1]
