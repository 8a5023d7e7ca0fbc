"""What seeds and videos say about a mean gain, from the definitions in docs/report.md.

The error of the mean over n seeds is s T + v Z: T has Student's t with n - 1 degrees, s is the
standard error over seeds, Z is standard normal, v the standard error over videos: the root of the
mean covariance of two seeds' bootstrap draws. A T is a normal variable whose variance is f / chi2,
so that a tail of the sum is a mean of normal tails over chi2.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[Any]
BEYOND = 0.05  # on either side of an interval, and the size of a test


@dataclass(frozen=True)
class Gain:
    """mean; seed_error: standard error over seeds, None with one seed; video_error: over videos,
    None without draws; interaction: variance of seed and videos at one seed."""

    mean: float
    seeds: int
    seed_error: float | None
    video_error: float | None
    interaction: float | None

    @property
    def freedom(self) -> float:
        return self.seeds - 1 if self.seeds > 1 else np.inf

    @property
    def bounds(self) -> tuple[float, float] | None:
        if self.seed_error is None and self.video_error is None:
            return None
        seed_error, video_error = self.seed_error or 0.0, self.video_error or 0.0
        if seed_error == video_error == 0:
            return self.mean, self.mean
        reach = float(distances(BEYOND, np.array([seed_error]), video_error, self.freedom)[0])
        return self.mean - reach, self.mean + reach

    def p_below(self, gain: float) -> float | None:
        """One-sided p of a true gain of at most ``gain``."""
        if self.seed_error is None:
            return None
        return tail(self.mean - gain, self.seed_error, self.video_error or 0.0, self.freedom)

    def p_above(self, gain: float) -> float | None:
        if self.seed_error is None:
            return None
        return tail(gain - self.mean, self.seed_error, self.video_error or 0.0, self.freedom)


def estimate(gains: list[float], draws: Array | None, videos: int) -> Gain:
    """gains: (n,) by seed; draws: (n, B) of them, None where a record has none."""
    count = len(gains)
    error = float(np.std(gains, ddof=1)) / np.sqrt(count) if count > 1 else None
    if draws is None:
        return Gain(float(np.mean(gains)), count, error, None, None)
    covariance = np.atleast_2d(np.cov(draws)) * videos / max(videos - 1, 1)
    own = float(np.mean(np.diag(covariance)))
    if count == 1:
        return Gain(gains[0], 1, None, np.sqrt(own), None)
    shared = float(covariance.sum() - np.trace(covariance)) / (count * (count - 1))
    return Gain(float(np.mean(gains)), count, error, np.sqrt(max(shared, 0.0)), own - shared)


@cache
def _mixture(freedom: float) -> tuple[Array, Array]:
    """Variances of the normal variables that T is a mixture of, and their weights."""
    if np.isinf(freedom):
        return np.ones(1), np.ones(1)
    nodes, weights = np.polynomial.legendre.leggauss(100)
    # over the root of chi2, whose density is smooth at 0
    top = np.sqrt(stats.chi2.isf(1e-16, freedom))
    root = top * (nodes + 1) / 2
    density = 2 * root * stats.chi2.pdf(root**2, freedom) * weights * top / 2
    return freedom / root**2, density / density.sum()


def tail(far: float, seed_error: float, video_error: float, freedom: float) -> float:
    """Probability beyond ``far``."""
    if seed_error == video_error == 0:
        return 0.0 if far > 0 else 1.0
    return float(_tails(np.array([far]), np.array([seed_error]), video_error, freedom)[0])


def _tails(far: Array, seed_error: Array, video_error: float, freedom: float) -> Array:
    """(N,) of (N,) distances and errors, which are not 0."""
    scales, weights = _mixture(freedom)
    error = np.sqrt(np.square(seed_error)[:, None] * scales + video_error**2)
    return special.ndtr(-far[:, None] / error) @ weights


def distances(beyond: float, seed_error: Array, video_error: float, freedom: float) -> Array:
    """(N,) beyond which the probability is ``beyond``, by halving."""
    low = np.zeros(len(seed_error))
    high = 3 * float(stats.t.isf(beyond, freedom)) * (seed_error + video_error)
    for _ in range(40):
        middle = (low + high) / 2
        too_near = _tails(middle, seed_error, video_error, freedom) > beyond
        low, high = np.where(too_near, middle, low), np.where(too_near, high, middle)
    return low


def holm(values: list[float]) -> list[float]:
    """The k-th smallest of m times m + 1 - k, never less than one before it, at most 1."""
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    steps = np.minimum(np.maximum.accumulate(np.array(values)[order] * factors), 1.0)
    out = np.empty(len(values))
    out[order] = steps
    return out.tolist()


@cache
def powers(
    far: tuple[float, ...], seed_error: float, video_error: float, freedom: int, size: float
) -> list[float]:
    """Chances that a test of ``size`` excludes what lies ``far`` from the truth: the estimate is
    normal, and the error over seeds that it is judged by varies as the root of a chi2, here at 200
    equally likely places."""
    if seed_error == video_error == 0:
        return [1.0] * len(far)
    places = (np.arange(200) + 0.5) / 200
    seen = seed_error * np.sqrt(stats.chi2.ppf(places, freedom) / freedom)
    reach = distances(size, seen, video_error, freedom)
    spread = np.hypot(seed_error, video_error)
    return [float(np.mean(stats.norm.cdf((one - reach) / spread))) for one in far]
