"""The power of other numbers of seeds and videos, from a gain's own variances.

The variance of the gain at one seed splits into the interaction of seed and videos, which falls
with the number of videos as the effect of the videos does, and the rest, the effect of the seed. A
bootstrap can show an interaction above the whole variance; it then counts as the whole.
"""
# pyright: reportMissingTypeStubs=false

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from reports.statistics.confidence import quantile
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class Design:
    seeds: int
    videos: int


DESIGNS = (Design(5, 300), Design(20, 300), Design(5, 1200), Design(10, 1200), Design(20, 1200))


@dataclass(frozen=True)
class Chances:
    """Chance of finding the gain if it is as published, and of denying it if it is zero."""

    found: float
    denied: float


def chances(
    measured: Estimate, seeds: int, videos: int, published: float, design: Design, error: float
) -> Chances | None:
    """The chances of a design, from variances measured with ``seeds`` and ``videos``, for tests of
    size ``error``.

    None where seeds or draws are too few to estimate the variances.
    """
    if measured.seed_variance is None or measured.video_variance is None:
        return None
    total = measured.seed_variance * seeds
    interaction = min(max(measured.interaction or 0.0, 0.0), total)
    share = videos / design.videos
    over_seeds = math.sqrt((total - interaction + interaction * share) / design.seeds)
    over_videos = math.sqrt(measured.video_variance * share)
    published = abs(published)
    return Chances(
        found=power(published, over_seeds, over_videos, design.seeds - 1, error),
        denied=power(published / 2, over_seeds, over_videos, design.seeds - 1, error),
    )


def power(
    distance: float, seed_error: float, video_error: float, freedom: int, error: float
) -> float:
    """Chance that a test of size ``error`` excludes a value at ``distance`` from the truth.

    The estimate is normal, and its error over seeds varies as the root of a chi2.
    """
    if seed_error == video_error == 0:
        return 1.0
    levels = (np.arange(200) + 0.5) / 200
    seen = seed_error * np.sqrt(special.chdtri(freedom, 1 - levels) / freedom)
    reach = quantile(error, seen, video_error, freedom)
    beyond = (distance - reach) / math.hypot(seed_error, video_error)
    return float(special.ndtr(beyond).mean())
