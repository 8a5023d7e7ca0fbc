"""Two results for the same videos: the difference, and how sure it is, by a paired bootstrap."""

from dataclasses import dataclass

import numpy as np

from tpr.data.findings import Note
from tpr.data.json_input import shown
from tpr.evaluation.metrics import Metrics

LEVEL = 0.90


@dataclass(frozen=True)
class Difference:
    """Second minus first, in [-1, 1]; None where a number or every draw is undefined, and for the
    interval over less than two videos."""

    value: float | None
    low: float | None  # the LEVEL interval over videos
    high: float | None
    share_above: float | None  # of the draws: difference above 0


def difference(
    first: Metrics, second: Metrics, stat: str = "AP", *, draws: int = 2000, seed: int = 0
) -> Difference:
    """Difference of one of the twelve numbers between two evaluations of the same videos.

    Every draw takes the videos with replacement, the same ones for both results, and computes both
    numbers anew; draws in which one is undefined are left out. The interval holds its middle share.
    It says what other videos would do to the difference, and nothing of other trainings. Raises
    ValueError where the evaluated videos differ.
    """
    if first.video_ids != second.video_ids:
        raise ValueError("results can only be compared on the same videos")
    both = np.stack([one.bootstrap(draws, seed, stat) for one in (first, second)])
    defined = both[:, (both >= 0).all(axis=0)]
    gains = defined[1] - defined[0]
    values = first.stats[stat], second.stats[stat]
    value = None if min(values) < 0 else values[1] - values[0]
    if value is None or not len(gains) or too_few_videos(first, second):
        return Difference(value, None, None, None)
    low, high = np.quantile(gains, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Difference(value, float(low), float(high), float((gains > 0).mean()))


def too_few_videos(first: Metrics, second: Metrics) -> Note | None:
    """What is to be said where less than two videos hold tracks or results: all draws are alike."""
    used = np.flatnonzero(first.used_videos() | second.used_videos())
    if len(used) > 1:
        return None
    where = f"video {shown(first.video_ids[used[0]])}" if len(used) else "no video has tracks"
    return Note("comparison over less than two videos", 1, where)
