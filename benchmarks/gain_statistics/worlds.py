"""Made-up pages of claims: scores of runs, seed by seed and video by video, with known gains.

The score of run r at seed s on video v is

    level of r + module's effect of r on v + effect of r at s + interaction of r, s and v
               + effect of s on all runs + interaction of s and v for all runs

The last two are what runs of one seed share through image weights and the order of the data. The
effect of the video on all runs cancels in every gain and is left out; levels are 0, so that no gain
is true. A metric is the mean over videos, as if AP were one. Variances are in AP points squared and
those that videos shrink are of the metric on 300 videos, near what the committed records show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
VIDEOS = 300  # on which the variances below are given
AT_ONCE = 2**23  # scores


@dataclass(frozen=True)
class World:
    """Variances of one run; `shared`: the part of seed and interaction that all runs share.

    odd: the standard deviation over seeds of the odd run, in those of the others; tails: degrees of
    freedom of the t that effects with videos follow, None for normal ones.
    """

    seed: float = 0.03
    interaction: float = 0.17
    shared: float = 0.28
    module: float = 0.015
    odd: float = 1.0
    tails: int | None = None

    @property
    def odd_seed(self) -> float:
        """Variance of the odd run's own effect of the seed: it makes it `odd` times as wide."""
        own = self.seed + self.interaction
        return (1 - self.shared) * self.seed + (self.odd**2 - 1) * own


@dataclass(frozen=True)
class Comparisons:
    """Pairs of run numbers, and the run that is odd in worlds with an odd one."""

    better: Sequence[int]
    than: Sequence[int]
    odd: int

    @property
    def runs(self) -> int:
        return max(*self.better, *self.than) + 1

    @property
    def with_odd(self) -> NDArray[np.bool_]:
        """(C,) which comparisons the odd run is in."""
        return np.equal(self.better, self.odd) | np.equal(self.than, self.odd)


@dataclass(frozen=True)
class Page:
    """What is seen of P pages: values (P, R, n) of runs by seed, gains (P, C, n) of comparisons by
    seed, and (P, C) variances over videos as an endless bootstrap gives them: of the mean gain over
    seeds, and the mean over seeds of each gain's."""

    values: Array
    gains: Array
    of_mean: Array
    of_each: Array

    @property
    def seeds(self) -> int:
        return self.gains.shape[-1]

    @property
    def mean(self) -> Array:
        return self.gains.mean(-1)

    @property
    def seed_variance(self) -> Array:
        """Of the mean gain, from the spread over seeds."""
        return self.gains.var(-1, ddof=1) / self.seeds

    @property
    def shared(self) -> Array:
        """Covariance over videos of the gains at two seeds, 0 at least."""
        return np.maximum((self.seeds * self.of_mean - self.of_each) / (self.seeds - 1), 0.0)

    @property
    def interaction(self) -> Array:
        """Variance over videos of what is a gain's own at a seed."""
        return (self.of_each - self.of_mean) * self.seeds / (self.seeds - 1)

    @property
    def narrow(self) -> NDArray[np.bool_]:
        """Where seeds agree so well that the error of the mean gain is below its bootstrap's."""
        return self.seed_variance + self.shared < self.of_mean

    def first(self, seeds: int) -> "Page":
        """The same pages after so many seeds, with the covariance over videos of all."""
        of_mean = self.of_each - self.interaction * (1 - 1 / seeds)
        return Page(self.values[..., :seeds], self.gains[..., :seeds], of_mean, self.of_each)


def pages(
    world: World,
    comparisons: Comparisons,
    seeds: int,
    videos: int,
    repeats: int,
    rng: np.random.Generator,
) -> Page:
    """So many pages, independent of each other."""
    each = max(1, AT_ONCE // (comparisons.runs * seeds * videos))
    parts = [
        _pages(world, comparisons, seeds, videos, count, rng) for count in _counts(repeats, each)
    ]
    return Page(*(np.concatenate(one) for one in zip(*parts, strict=True)))


def _counts(total: int, each: int) -> Iterator[int]:
    for done in range(0, total, each):
        yield min(each, total - done)


def _pages(
    world: World,
    comparisons: Comparisons,
    seeds: int,
    videos: int,
    count: int,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array, Array]:
    def noise(variance: float, *shape: int) -> NDArray[np.float32]:
        """Effects with videos; `variance` is that of their mean over VIDEOS videos."""
        return _noise(rng, world.tails, (VIDEOS * variance) ** 0.5, (count, *shape))

    own, runs = 1 - world.shared, comparisons.runs
    scores = noise(own * world.interaction, runs, seeds, videos)
    scores += noise(world.module, runs, 1, videos)
    scores += noise(world.shared * world.interaction, 1, seeds, videos)
    of_seed = rng.standard_normal((count, runs, seeds)) * (own * world.seed) ** 0.5
    of_seed[:, comparisons.odd] *= (world.odd_seed / (own * world.seed)) ** 0.5
    of_seed += rng.standard_normal((count, 1, seeds)) * (world.shared * world.seed) ** 0.5
    values = scores.mean(-1, dtype=np.float64) + of_seed
    better, than = list(comparisons.better), list(comparisons.than)
    of_mean = np.empty((count, len(better)))
    of_each = np.empty_like(of_mean)
    for place, (a, b) in enumerate(zip(better, than, strict=True)):
        gaps = scores[:, a] - scores[:, b]
        of_mean[:, place] = gaps.mean(1).var(-1, ddof=1) / videos
        of_each[:, place] = gaps.var(-1, ddof=1).mean(-1) / videos
    return values, values[:, better] - values[:, than], of_mean, of_each


def _noise(
    rng: np.random.Generator, tails: int | None, deviation: float, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    if tails is None:
        found = rng.standard_normal(shape, dtype=np.float32)
    else:
        found = (rng.standard_t(tails, shape) / (tails / (tails - 2)) ** 0.5).astype(np.float32)
    return found * np.float32(deviation)
