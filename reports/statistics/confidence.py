"""The distribution of `seed_error * T + video_error * Z`, T Student's t and Z standard normal.

It is what is known of a mean gain, about its estimate: an error over seeds whose size is estimated
from few seeds, and an independent one over videos whose size many videos show. This is Fisher's
solution of the problem of Behrens and Fisher. Satterthwaite's degrees of freedom, the usual
shortcut, are too sure of themselves far out, where a correction for many claims looks: they follow
an estimated ratio of the two errors, so that seeds which happen to agree count twice.
"""
# pyright: reportMissingTypeStubs=false

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
NODES = 200


def tail(
    distance: ArrayLike, seed_error: ArrayLike, video_error: ArrayLike, freedom: float
) -> Array:
    """Probability beyond ``distance``, elementwise; ``freedom`` of T, inf for a normal one.

    With both errors 0 nothing lies beyond any distance above 0, and everything beyond others.
    """
    distance, seed_error, video_error = np.broadcast_arrays(
        *(np.asarray(one, float) for one in (distance, seed_error, video_error))
    )
    scales, weights = _mixture(freedom)
    shape = (-1,) + (1,) * distance.ndim
    error = np.sqrt(scales.reshape(shape) * seed_error**2 + video_error**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        standard = np.where(error > 0, distance / error, np.where(distance > 0, np.inf, -np.inf))
    return np.tensordot(weights, np.asarray(special.ndtr(-standard), float), 1)


def _mixture(freedom: float) -> tuple[Array, Array]:
    """T as a mixture of normal distributions: their variances ``freedom / chi2`` (N,), and weights
    (N,).

    Nodes lie evenly in the logarithm of chi2, where the trapezoid rule converges fastest.
    """
    if math.isinf(freedom):
        return np.ones(1), np.ones(1)
    low = -60 / freedom - 6
    high = math.log1p(12 * math.sqrt(2 / freedom) + 60 / freedom)
    log_ratio = np.linspace(low, high, NODES)  # of chi2 to its mean
    weights = np.exp(freedom / 2 * (log_ratio - np.expm1(log_ratio)))
    return np.exp(-log_ratio), weights / weights.sum()


def quantile(beyond: float, seed_error: ArrayLike, video_error: ArrayLike, freedom: float) -> Array:
    """The distance, elementwise, beyond which the probability is ``beyond``, which is below 0.5."""
    seed_error, video_error = np.broadcast_arrays(
        np.asarray(seed_error, float), np.asarray(video_error, float)
    )
    alone = float(special.stdtrit(freedom, 1 - beyond))  # of T; that of Z is smaller
    low, high = np.zeros_like(seed_error), 2 * alone * (seed_error + video_error)
    for _ in range(50):
        middle = (low + high) / 2
        is_short = tail(middle, seed_error, video_error, freedom) > beyond
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    return (low + high) / 2
