"""What two runs' seeds and videos say about the gain of one over the other; numbers only.

A metric of run r at seed s on a set of videos is taken as

    level_r + (videos, shared by r's seeds) + (seed) + (videos, anew at each seed)

so the mean gain over n seeds has the variance (seed + anew) * 2 / n + (shared videos). The first
part is what the spread over seeds shows, pooled over all runs because a few seeds of two runs show
it badly. A bootstrap over videos of the mean gain shows shared + 2 / n * anew, so that the second
term has to be taken off it: otherwise it would count twice. Variances add up as such; degrees of
freedom follow Welch and Satterthwaite.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

LEVEL = 0.9  # of every interval
POWER = 0.8  # with which `seeds_needed` wants to see the published gain
MOST_SEEDS = 1000


@dataclass(frozen=True)
class Noise:
    """Variances of one run's metric, pooled over runs."""

    seed: float  # sample variance over seeds, for the same videos
    freedom: int  # degrees of freedom of `seed`: seeds beyond the first, over all runs
    anew: float = 0.0  # part of a run's bootstrap variance over videos that its seeds do not share


@dataclass(frozen=True)
class Estimate:
    """A mean gain over seeds with its two variances and its interval.

    None: unknown. Without `seed_variance` the interval is one over videos for these very seeds;
    without `video_variance` it is one over seeds for these very videos.
    """

    mean: float
    seed_variance: float | None
    video_variance: float | None
    freedom: float
    low: float | None
    high: float | None

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None where nothing is known of it."""
        known = [v for v in (self.seed_variance, self.video_variance) if v is not None]
        return math.sqrt(sum(known)) if known else None


def pooled_noise(values: Sequence[Sequence[float]], draws: Sequence[np.ndarray]) -> Noise | None:
    """Noise of runs from their values, (n_r,) by seed, and their bootstrap draws, (n_r, B) each.

    None where no run has two seeds. Runs may lack draws.
    """
    freedom = sum(len(own) - 1 for own in values if len(own) > 1)
    if not freedom:
        return None
    squares = sum(np.square(np.asarray(own) - np.mean(own)).sum() for own in values if len(own) > 1)
    return Noise(float(squares) / freedom, freedom, _anew(draws))


def _anew(draws: Sequence[np.ndarray]) -> float:
    """Variance over videos of what differs between seeds, n / (n - 1) times that of residuals."""
    several = [own for own in draws if len(own) > 1]
    if not several:
        return 0.0
    total = sum(np.var(own - own.mean(axis=0), axis=1, ddof=1).sum() for own in several)
    return float(total) / sum(len(own) - 1 for own in several)


def estimate(
    gains: Sequence[float], draws: np.ndarray | None, videos: int, noise: Noise | None
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
        shared = drawn - (2 * noise.anew / count if noise else 0.0)
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
    """Chance of a gain this far on the published side if there were none; None without error."""
    towards = math.copysign(estimate.mean, estimate.mean * published)
    if estimate.error is None:
        return None
    if estimate.error == 0:
        return 0.0 if towards > 0 else 1.0
    return float(stats.t.sf(towards / estimate.error, estimate.freedom))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Scandinavian Journal of Statistics 6, 1979), in given order."""
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


def kendall(published: Sequence[float], measured: Sequence[float]) -> tuple[float, float] | None:
    """Kendall's tau-b of two orders and its two-sided p; None for fewer than three or all equal."""
    if len(published) < 3:
        return None
    tau, p = stats.kendalltau(published, measured)
    return None if math.isnan(tau) else (float(tau), float(p))


def seeds_needed(gain: float, seed_variance: float, video_variance: float) -> int | None:
    """Fewest seeds of both runs with which the interval would leave out zero in POWER of all cases.

    ``gain`` is the true one supposed, ``seed_variance`` that of one run over seeds and
    ``video_variance`` that of the gain over videos, which no number of seeds lessens. None if that
    alone is too much, or if more than MOST_SEEDS would be needed. Normal approximation.
    """
    reach = stats.norm.ppf(0.5 + LEVEL / 2) + stats.norm.ppf(POWER)
    left = (gain / reach) ** 2 - video_variance
    needed = math.ceil(2 * seed_variance / left) if left > 0 else math.inf
    return max(int(needed), 1) if needed <= MOST_SEEDS else None
