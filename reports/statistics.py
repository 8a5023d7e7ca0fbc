"""Intervals over seeds."""

from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Interval:
    """A mean with its bounds; the bounds are None when one value gives no spread."""

    mean: float
    low: float | None
    high: float | None


def mean_interval(values: list[float], level: float = 0.9) -> Interval | None:
    """Student t-interval of the mean of `values`; None without values.

    For paired differences, one a seed, this is the paired t-interval. It covers what differs
    between seeds and nothing else: the videos are the same for all of them.
    """
    if not values:
        return None
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean, None, None)
    error = float(np.std(values, ddof=1)) / len(values) ** 0.5
    reach = float(stats.t.ppf(0.5 + level / 2, len(values) - 1)) * error
    return Interval(mean, mean - reach, mean + reach)
