"""What two runs' seeds and videos say about the gain of one over the other; numbers only.

The model of a metric of run r at seed s on a set of videos is

    level of r + effect of the videos, the same for all seeds of r
               + effect of the seed, the same for all videos
               + interaction of seed and videos

The mean gain over n seeds then has two independent parts of variance:

- over seeds, (seed + interaction) * 2 / n. This is what the spread over seeds measures; it is
  pooled over all runs, because the few seeds of two runs estimate it badly.
- over videos, that of the effect of the videos. A bootstrap over videos of the mean gain measures
  this plus interaction * 2 / n, which is subtracted because the first part counts it already.

Degrees of freedom of the sum follow Welch and Satterthwaite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
LEVEL = 0.9  # of every interval
POWER = 0.8  # with which `seeds_needed` wants to see the published gain
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Noise:
    """Variances of one run's metric, pooled over runs."""

    seed: float  # sample variance over seeds, for the same videos
    freedom: int  # degrees of freedom of `seed`: seeds beyond the first, over all runs
    interaction: float = 0.0  # of seed and videos: bootstrap variance that seeds do not share


@dataclass(frozen=True)
class Estimate:
    """A mean gain over seeds with its two variances and its interval.

    None stands for unknown. Without `seed_variance` the interval is one over videos, for these
    seeds alone; without `video_variance` it is one over seeds, for these videos alone.
    """

    mean: float
    seed_variance: float | None
    video_variance: float | None
    freedom: float
    low: float | None
    high: float | None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval; None where nothing is known of the mean's error."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None where nothing is known of it."""
        known = [v for v in (self.seed_variance, self.video_variance) if v is not None]
        return math.sqrt(sum(known)) if known else None


def pooled_noise(values: Sequence[Sequence[float]], draws: Sequence[Array]) -> Noise | None:
    """Noise of runs from their values, (n_r,) by seed, and their bootstrap draws, (n_r, B) each.

    None where no run has two seeds. Runs may lack draws.
    """
    repeated = [np.asarray(seeds) for seeds in values if len(seeds) > 1]
    freedom = sum(len(seeds) - 1 for seeds in repeated)
    if not freedom:
        return None
    squares = sum(float(np.square(seeds - seeds.mean()).sum()) for seeds in repeated)
    return Noise(squares / freedom, freedom, _interaction(draws))


def _interaction(draws: Sequence[Array]) -> float:
    """Bootstrap variance of what differs between a run's seeds, pooled over runs.

    The residuals of n seeds from their mean have (n - 1) / n of it.
    """
    repeated = [seeds for seeds in draws if len(seeds) > 1]
    if not repeated:
        return 0.0
    residuals = [seeds - seeds.mean(axis=0) for seeds in repeated]
    total = sum(float(np.var(one, axis=1, ddof=1).sum()) for one in residuals)
    return total / sum(len(seeds) - 1 for seeds in repeated)


def estimate(
    gains: Sequence[float], draws: Array | None, videos: int, noise: Noise | None
) -> Estimate:
    """The mean of (n,) gains, one a seed, from their (n, B) paired bootstrap draws over `videos`.

    ``draws`` is None where records hold none, ``noise`` where no run has two seeds.
    """
    mean, count = float(np.mean(gains)), len(gains)
    parts: list[tuple[float, float]] = []  # variances and their degrees of freedom
    seed_variance = video_variance = None
    if noise is not None:
        seed_variance = 2 * noise.seed / count
        parts.append((seed_variance, noise.freedom))
    if draws is not None:
        drawn = float(np.var(draws.mean(axis=0), ddof=1))
        shared = drawn - (2 * noise.interaction / count if noise else 0.0)
        # a bootstrap's variance lacks 1 / V of the true one, as a sample's without ddof
        others = max(videos - 1, 1)
        video_variance = max(shared, 0.0) * (others + 1) / others
        parts.append((video_variance, 1 / (1 / others + 1 / (draws.shape[1] - 1))))
    freedom = _satterthwaite(parts)
    if not parts:
        return Estimate(mean, None, None, freedom, None, None)
    reach = math.sqrt(sum(v for v, _ in parts)) * float(stats.t.ppf(0.5 + LEVEL / 2, freedom))
    return Estimate(mean, seed_variance, video_variance, freedom, mean - reach, mean + reach)


def _satterthwaite(parts: list[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances."""
    squares = sum(variance**2 / freedom for variance, freedom in parts)
    return sum(variance for variance, _ in parts) ** 2 / squares if squares else math.inf


def one_sided_p(estimate: Estimate, published: float) -> float | None:
    """Chance of a gain this far on the published side if the true gain were 0; None where the
    estimate's error is unknown."""
    towards = math.copysign(estimate.mean, estimate.mean * published)
    if estimate.error is None:
        return None
    if estimate.error == 0:
        return 0.0 if towards > 0 else 1.0
    return float(stats.t.sf(towards / estimate.error, estimate.freedom))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values after Holm's step-down adjustment, in the order given.

    Scandinavian Journal of Statistics 6, 1979.
    """
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def kendall(published: Sequence[float], measured: Sequence[float]) -> tuple[float, float] | None:
    """Kendall's tau-b of two orders and its two-sided p; None for fewer than three or all equal."""
    if len(published) < 3:
        return None
    found: Any = stats.kendalltau(published, measured)
    tau, p = float(found.statistic), float(found.pvalue)
    return None if math.isnan(tau) else (tau, p)


def seeds_needed(gain: float, seed_variance: float, video_variance: float) -> int | None:
    """Fewest seeds of both runs with which the interval would exclude 0 with probability POWER.

    ``gain`` is the assumed true gain, ``seed_variance`` the variance of one run's metric over
    seeds, ``video_variance`` that of the gain over videos, which more seeds do not reduce. None if
    it is too large for any number of seeds, or if more than MOST_SEEDS would be needed. Normal
    approximation.
    """
    reach = stats.norm.ppf(0.5 + LEVEL / 2) + stats.norm.ppf(POWER)
    left = (gain / reach) ** 2 - video_variance
    needed = math.ceil(2 * seed_variance / left) if left > 0 else math.inf
    return max(int(needed), 1) if needed <= MOST_SEEDS else None
