"""Two runs on the same videos: the difference, and how sure it is, by a paired bootstrap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tpr.data.findings import Note
from tpr.data.json_input import shown
from tpr.evaluation.arrays import Floats, Ints
from tpr.evaluation.metrics import Metrics, bootstrap_weights

LEVEL = 0.90


@dataclass(frozen=True)
class Difference:
    """Second minus first, in [-1, 1]; None where a number or every draw is undefined, and for the
    interval over less than two videos."""

    value: float | None
    low: float | None  # the LEVEL interval over videos, and seeds where there are several
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
    return run_difference([first], [second], stat, draws=draws, seed=seed)


def run_difference(
    first: Sequence[Metrics],
    second: Sequence[Metrics],
    stat: str = "AP",
    *,
    draws: int = 2000,
    seed: int = 0,
) -> Difference:
    """As ``difference``, of two runs with an evaluation for each of the same seeds: of the means
    over seeds. With several seeds every draw takes pairs of seeds with replacement, too."""
    check_videos(first, second)
    values = [
        np.stack([np.append(one.stats[stat], one.bootstrap(draws, seed, stat)) for one in run])
        for run in (first, second)
    ]
    return of_draws(values[0], values[1], seed=seed, interval=not too_few_videos(first, second))


def lost_draws(run: Sequence[Metrics], *, draws: int = 2000, seed: int = 0) -> dict[str, Floats]:
    """(S, 1 + draws) AP lost to each kind of error at each seed: with all videos, then by draws of
    them, the same ones as for any other run."""
    weights = _all_then_drawn(run, draws, seed)
    return _stacked([one.errors.lost(weights) for one in run if one.errors])


def tracking_draws(
    run: Sequence[Metrics], *, draws: int = 2000, seed: int = 0
) -> dict[str, Floats]:
    """As ``lost_draws``, of HOTA, DetA, AssA and IDF1."""
    weights = _all_then_drawn(run, draws, seed)
    return _stacked([one.tracking.numbers(weights) for one in run if one.tracking])


def _all_then_drawn(run: Sequence[Metrics], draws: int, seed: int) -> Ints:
    videos = len(run[0].video_ids)
    drawn = bootstrap_weights(videos, draws, seed)
    return np.concatenate([np.ones((1, videos), np.int64), drawn])


def _stacked(found: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.stack([one[name] for one in found]) for name in found[0]}


def of_draws(first: Floats, second: Floats, *, seed: int, interval: bool) -> Difference:
    """The difference, second minus first, of two runs at S seeds.

    first, second: (S, 1 + B), the number itself, then B draws of it; -1 where undefined.
    """
    defined = np.minimum(first, second) >= 0
    gains = np.where(defined, second - first, np.nan)
    value = float(gains[:, 0].mean())
    over_videos = gains[:, 1:]
    seeds, draws = over_videos.shape
    if seeds > 1:
        drawn = np.random.default_rng([seed, seeds]).integers(seeds, size=(seeds, draws))
        over_videos = np.take_along_axis(over_videos, drawn, axis=0)
    found = over_videos.mean(axis=0)
    found = found[np.isfinite(found)]
    if np.isnan(value):
        return Difference(None, None, None, None)
    if not len(found) or not interval:
        return Difference(value, None, None, None)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Difference(value, float(low), float(high), float((found > 0).mean()))


def check_videos(first: Sequence[Metrics], second: Sequence[Metrics]) -> None:
    """ValueError where the evaluated videos, or the numbers of seeds, differ."""
    if any(one.video_ids != first[0].video_ids for one in (*first, *second)):
        raise ValueError("results can only be compared on the same videos")
    if len(first) != len(second):
        raise ValueError("runs can only be compared seed by seed: one has more results")


def too_few_videos(first: Sequence[Metrics], second: Sequence[Metrics]) -> Note | None:
    """The note on fewer than two videos with tracks or results, whose draws are all alike; else
    None."""
    every = [*first, *second]
    used = np.flatnonzero(np.any([one.used_videos() for one in every], axis=0))
    if len(used) > 1:
        return None
    where = f"video {shown(every[0].video_ids[used[0]])}" if len(used) else "no video has tracks"
    return Note("comparison over less than two videos", 1, where)
