"""The mean gain of one run over another, from their own seeds and videos.

The gain at seed s on a set of videos is modelled as

    true gain + effect of the videos, the same at all seeds
              + effect of the seed, the same on all videos
              + interaction of seed and videos

The mean over n seeds then has two independent errors, and nothing is taken from other runs:

- over seeds: the sample variance of the n paired differences, which holds the effect of the seed
  and the interaction, divided by n. Seeds are few, so this error has a t with n - 1 degrees.
- over videos: the covariance between the bootstrap draws of two seeds, averaged over all pairs of
  seeds. That is the effect of the videos alone, all that seeds share. Below 0 it counts as 0.

The true gain less the mean is distributed as the sum of both (`confidence`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.statistics.confidence import Array, quantile, tail

LEVEL = 0.9  # of every interval


@dataclass(frozen=True)
class Estimate:
    """A mean gain over seeds, the variances of this mean, and its interval; None is unknown.

    Without `seed_variance` (one seed) the interval is one over videos, for this seed alone; without
    `video_variance` (no draws) it is one over seeds, for these videos alone. `freedom`: degrees of
    freedom of `seed_variance`, infinite without it. `interaction`: variance of the interaction of
    seed and videos, in the gain at one seed on all videos.
    """

    mean: float
    seed_variance: float | None
    video_variance: float | None
    freedom: float
    low: float | None
    high: float | None
    interaction: float | None = None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The interval; None where nothing is known of the mean's error."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def error(self) -> float | None:
        """Standard error of the mean; None where nothing is known of it."""
        known = [v for v in (self.seed_variance, self.video_variance) if v is not None]
        return math.sqrt(sum(known)) if known else None

    def p_at_most(self, gain: float) -> float | None:
        """One-sided p of a true gain of at most ``gain``; None where seeds tell no error."""
        return self._beyond(self.mean - gain)

    def p_at_least(self, gain: float) -> float | None:
        """One-sided p of a true gain of at least ``gain``; None where seeds tell no error."""
        return self._beyond(gain - self.mean)

    def _beyond(self, distance: float) -> float | None:
        if self.seed_variance is None:
            return None
        errors = math.sqrt(self.seed_variance), math.sqrt(self.video_variance or 0.0)
        return float(tail(distance, *errors, self.freedom))


def estimate(gains: Sequence[float], draws: Array | None, videos: int) -> Estimate:
    """The estimate from differences (n,) by seed and their bootstrap draws (n, B) over ``videos``
    videos.

    A draw takes the same videos for both runs and for all seeds. draws is None where records hold
    none.
    """
    mean, count = float(np.mean(gains)), len(gains)
    freedom = count - 1 if count > 1 else math.inf
    seed_variance = float(np.var(gains, ddof=1)) / count if count > 1 else None
    video_variance = interaction = None
    if draws is not None:
        video_variance, interaction = video_parts(draws, videos)
    if seed_variance is None and video_variance is None:
        return Estimate(mean, None, None, freedom, None, None)
    errors = math.sqrt(seed_variance or 0.0), math.sqrt(video_variance or 0.0)
    reach = float(quantile((1 - LEVEL) / 2, *errors, freedom))
    bounds = mean - reach, mean + reach
    return Estimate(mean, seed_variance, video_variance, freedom, *bounds, interaction)


def video_parts(draws: Array, videos: int) -> tuple[float, float | None]:
    """The variance over videos that the (n, B) draws of n seeds share, and that of the interaction.

    With one seed only their sum is known, and returned as the first. A bootstrap's variance is too
    small by 1 / V of the true one, as a sample's without ddof, and is corrected.
    """
    scale = videos / max(videos - 1, 1)
    each = float(np.var(draws, axis=1, ddof=1).mean()) * scale
    count = len(draws)
    if count < 2:
        return each, None
    of_mean = float(np.var(draws.mean(axis=0), ddof=1)) * scale
    shared = (count * of_mean - each) / (count - 1)  # mean covariance of two seeds
    return max(shared, 0.0), each - shared
