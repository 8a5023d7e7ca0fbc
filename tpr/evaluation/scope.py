"""Which tracks are compared in an evaluation: those of one video and category, in the order of the
reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from tpr.data.records import Track

POOLED = -1  # stands for the category where categories are not used


@dataclass(frozen=True)
class Group:
    """Tracks by video and category, and columns of what they are sorted by, each (n,)."""

    tracks: list[Track]
    video: np.ndarray  # index
    category: np.ndarray  # index; 0 where categories are not used
    group: np.ndarray  # a number for both together, ascending
    score: np.ndarray  # of predictions; 0 of true tracks
    rank: np.ndarray  # place within video and category
    counts: np.ndarray  # bool: not beyond those that count there

    @property
    def ranked(self) -> np.ndarray:
        """(N,) predictions that count, by category and falling score; of equals in their order."""
        order = np.lexsort((-self.score, self.category))
        return order[self.counts[order]]


@dataclass(frozen=True)
class Scope:
    """The videos and categories that are evaluated, by ascending id."""

    videos: list[int]
    categories: list[int]
    pooled: bool  # all categories together
    category_ids: list[int] = field(init=False)

    def __post_init__(self) -> None:
        ids = [POOLED] if self.pooled else self.categories
        object.__setattr__(self, "category_ids", ids)

    def tracks(self, tracks: Iterable[Track], limit: int | None = None) -> Group:
        """The tracks within scope by video, category and falling score.

        Equal scores keep the order given; pooled categories keep that of the categories. At most
        ``limit`` tracks of a video and category count.
        """
        videos = {video: index for index, video in enumerate(self.videos)}
        categories = {category: index for index, category in enumerate(self.categories)}
        known = [t for t in tracks if t.video_id in videos and t.category_id in categories]
        video = np.array([videos[track.video_id] for track in known], np.int64)
        category = np.array([categories[track.category_id] for track in known], np.int64)
        score = np.array([track.score or 0.0 for track in known])
        keys = (category, -score, video) if self.pooled else (-score, category, video)
        order = np.lexsort(keys)
        video, score = video[order], score[order]
        category = np.zeros(len(order), np.int64) if self.pooled else category[order]
        group = video * len(self.category_ids) + category
        rank = np.arange(len(order)) - np.searchsorted(group, group)
        counts = np.full(len(order), True) if limit is None else rank < limit
        return Group([known[i] for i in order], video, category, group, score, rank, counts)

    def paired(self, truths: Group, found: Group) -> tuple[np.ndarray, np.ndarray]:
        """All pairs that are compared: (P,) predictions that count and (P,) true tracks of the same
        video and category, by prediction."""
        first, last = (
            np.searchsorted(truths.group, found.group, side) for side in ("left", "right")
        )
        number = np.where(found.counts, last - first, 0)
        result = np.repeat(np.arange(len(number)), number)
        within = np.arange(len(result)) - np.repeat(np.cumsum(number) - number, number)
        return result, first[result] + within


def by_category(
    found: Group, truths: Group, results: slice, true: slice
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Each category of the tracks of one video, and which of its ``results`` and ``true`` tracks
    are of it, counted from the first of each, in the order of their files."""
    sides = found.category[results], truths.category[true]
    number = np.array([track.id for track in found.tracks[results]])
    for category in np.union1d(*sides).tolist():
        own, others = (np.flatnonzero(side == category) for side in sides)
        yield category, own[np.argsort(number[own])], others
