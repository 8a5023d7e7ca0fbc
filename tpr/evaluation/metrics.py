"""What an evaluation returns: the numbers, and the matches behind them for resampling videos."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import cast

import numpy as np

from tpr.data.findings import Note
from tpr.data.json_input import shown
from tpr.evaluation.accumulate import (
    CategoryMatches,
    average_precision,
    average_recall,
    plain_precision,
    plain_recall,
)
from tpr.evaluation.errors.losses import Errors
from tpr.evaluation.groups import TrackGroup
from tpr.evaluation.matching import AREA_RANGES, IOU_THRESHOLDS
from tpr.evaluation.summary import (
    STATISTICS,
    Statistic,
    limit_index,
    mean_defined,
)
from tpr.evaluation.tracking.summary import Tracking


@dataclass(frozen=True)
class Metrics:
    """Results of ``evaluate``; numbers are in [0, 1], and -1 where undefined (no true tracks)."""

    stats: dict[str, float]
    per_category: dict[int, float]  # category id -> AP (id -1 where categories are pooled)
    category_names: dict[int, str]
    video_ids: list[int]
    ious: dict[tuple[int, int], np.ndarray]  # (video, category) -> (D, G), D by falling score
    notes: list[Note]  # what was left out or makes a number misleading
    max_detections: tuple[int, ...]
    matches: dict[int, CategoryMatches]  # by id of the categories with true tracks or predictions
    groups: dict[str, list[TrackGroup]]  # of true tracks, by what they are grouped by
    errors: Errors | None = None  # where they were asked for, as the next
    tracking: Tracking | None = None

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Precision (mean over recall levels) and recall, each (T, K, A, M), K the categories that
        were evaluated; -1 where undefined."""
        shape = (len(IOU_THRESHOLDS), len(self.per_category), len(AREA_RANGES))
        precision, recall = np.full((2, *shape, len(self.max_detections)), -1.0)
        place = {category: k for k, category in enumerate(self.per_category)}
        for category, one in self.matches.items():
            for m, limit in enumerate(self.max_detections):
                mean = plain_precision(one, limit).mean(axis=2)
                precision[:, place[category], :, m] = mean.T
                recall[:, place[category], :, m] = plain_recall(one, limit).T
        return precision, recall

    def used_videos(self) -> np.ndarray:
        """(V,) bool: which of ``video_ids`` have true tracks or predictions."""
        used = np.zeros(len(self.video_ids), bool)
        for one in self.matches.values():
            used[one.true_video[one.wanted.any(axis=0)]] = True
            used[one.video] = True
        return used

    def limit(self, statistic: Statistic) -> int | None:
        """How many predictions a video the statistic counts; None where it is not defined."""
        index = limit_index(statistic, self.max_detections)
        return None if index is None else self.max_detections[index]

    def resample(self, videos: Iterable[int] | Mapping[int, int]) -> dict[str, float]:
        """The twelve numbers for a list of video ids with repeats, or a mapping from id to count.

        A video that is drawn twice counts as two equal videos (among equal scores their predictions
        alternate). Raises ValueError for a video that was not evaluated.
        """
        weights = np.zeros((1, len(self.video_ids)), np.int64)
        place = {video: index for index, video in enumerate(self.video_ids)}
        mapped = isinstance(videos, Mapping)
        counts = cast(Mapping[int, int], videos).items() if mapped else ((v, 1) for v in videos)
        for video, count in counts:
            if video not in place:
                raise ValueError(f"video {shown(video)} was not evaluated")
            if count != int(count) or count < 0:
                raise ValueError(f"video {shown(video)} has count {count}, not 0, 1, 2, ...")
            weights[0, place[video]] += int(count)
        return {name: float(self.weighted(weights, name)[0]) for name in STATISTICS}

    def weighted(self, weights: np.ndarray, stat: str = "AP") -> np.ndarray:
        """One number for each of B weightings: (B, V) counts of ``video_ids`` to (B,) floats."""
        if stat not in STATISTICS:
            raise ValueError(f"unknown statistic {stat!r}; known are {', '.join(STATISTICS)}")
        statistic = STATISTICS[stat]
        limit = self.limit(statistic)
        found = [one for one in self.matches.values() if one.wanted[statistic.area].any()]
        if limit is None or not found:
            return np.full(len(weights), -1.0)
        values = np.empty((len(weights), len(found)))
        for place, one in enumerate(found):
            values[:, place] = self._weighted_category(one, weights, statistic, limit)
        return mean_defined(values)

    def _weighted_category(
        self, one: CategoryMatches, weights: np.ndarray, statistic: Statistic, limit: int
    ) -> np.ndarray:
        """(B,) mean over thresholds, -1 where the category has no true tracks."""
        compute = average_recall if statistic.recall else average_precision
        value = compute(one, weights, statistic.area, limit, list(statistic.thresholds))
        mean = reduce(np.add, value.T) / value.shape[1]
        return np.where(value[:, 0] > -1, mean, -1.0)

    def bootstrap(self, draws: int = 2000, seed: int = 0, stat: str = "AP") -> np.ndarray:
        """(draws,) values of ``stat`` over videos drawn with replacement.

        The draws depend on seed and number of videos alone, so that two results for the same videos
        compare pairwise. Their standard deviation (without -1) is the standard error over videos.
        """
        return self.weighted(bootstrap_weights(len(self.video_ids), draws, seed), stat)


def bootstrap_weights(videos: int, draws: int, seed: int) -> np.ndarray:
    """(draws, videos) how often each video is drawn."""
    if not videos:
        return np.zeros((draws, 0), np.int64)
    return np.random.default_rng(seed).multinomial(videos, [1 / videos] * videos, size=draws)
