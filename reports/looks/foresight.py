"""Chances that a plan still decides a claim: before it begins, and at a look. Numbers only."""

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.declared.seed_plan import SeedPlan
from reports.statistics.confidence import Array, quantile, tail
from reports.statistics.designs import power


class Chances(NamedTuple):
    """Chance of SUCCESS by the last look if the gain is as published, and of ABSENT if it is
    zero."""

    found: float
    denied: float


def planned(
    plan: SeedPlan, published: float, tested: int, over_seeds: float, over_videos: float
) -> Chances:
    """The chances at the largest number of seeds, before Holm has rejected any of the ``tested``
    hypotheses.

    over_seeds: variance of one seed's difference between seeds; over_videos: the variance that all
    seeds share; both on the plan's videos. Earlier looks are ignored, so the true chance is a
    little larger.
    """
    errors = math.sqrt(over_seeds / plan.most), math.sqrt(over_videos)
    gain, level = abs(published), last_level(plan, tested)
    return Chances(
        power(gain, *errors, plan.most - 1, level), power(gain / 2, *errors, plan.most - 1, level)
    )


def last_level(plan: SeedPlan, tested: int) -> float:
    """What the last look tests at for the first of ``tested`` hypotheses that Holm rejects."""
    return plan.error * plan.shares[-1] / tested


def chance_of_decision(
    plan: SeedPlan,
    look: int,
    published: ArrayLike,
    mean: ArrayLike,
    seed_variance: ArrayLike,
    video_variance: ArrayLike,
    tested: int,
) -> Array:
    """Chance that the last look decides either way, given an earlier look, elementwise.

    mean: the gain so far, on the published side; seed_variance, video_variance: of this mean. The
    mean at the last look varies around it only by the seeds to come, as the videos stay the same.
    """
    done = plan.looks[look] / plan.most
    seed_variance, mean = np.asarray(seed_variance, float), np.asarray(mean, float)
    angles, reaches = reach_by_angle(last_level(plan, tested), plan.most - 1)
    errors = np.sqrt(seed_variance * done), np.sqrt(np.asarray(video_variance, float))
    reach = np.hypot(*errors) * np.interp(np.arctan2(*errors), angles, reaches)
    spread = np.sqrt(seed_variance * (1 - done))
    freedom = plan.looks[look] - 1
    above = tail(reach - mean, spread, 0.0, freedom)
    below = tail(reach + mean - np.abs(published) / 2, spread, 0.0, freedom)
    return np.minimum(above + below, 1.0)


@functools.cache
def reach_by_angle(level: float, freedom: int) -> tuple[Array, Array]:
    """Critical value of a test in units of the total error, by the ratio of its two parts as an
    angle.

    The angle is 0 for an error over videos alone, a right angle for one over seeds alone. Both
    (64,).
    """
    angles = np.linspace(0.0, math.pi / 2, 64)
    return angles, quantile(level, np.sin(angles), np.cos(angles), freedom)
