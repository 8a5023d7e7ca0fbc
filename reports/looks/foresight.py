"""What a plan can still decide: before it begins, and at a look. Numbers only."""

import functools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from experiments.declared.seed_plan import SeedPlan
from reports.statistics.confidence import Array, quantile, tail
from reports.statistics.designs import power


class Chances(NamedTuple):
    """Of SUCCESS at the last look if the gain is as published, of ABSENT there if it is zero."""

    found: float
    denied: float


def planned(
    plan: SeedPlan, published: float, tested: int, over_seeds: float, over_videos: float
) -> Chances:
    """The chances at the most seeds, before Holm has rejected any of the ``tested`` hypotheses.

    over_seeds: variance of one seed's difference between seeds; over_videos: the one that all
    seeds share; both on the plan's videos. Earlier looks are not counted, so it is rather more.
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
    """Chance that the last look decides either way, given a look before, elementwise.

    mean: the gain so far, on the published side; seed_variance, video_variance: of this mean. The
    mean at the last look lies around it by the seeds to come alone: the videos stay.
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
    """How far a test reaches in units of the whole error, by the angle between its parts: that
    over videos alone has 0, that over seeds alone a right angle. Both (64,)."""
    angles = np.linspace(0.0, math.pi / 2, 64)
    return angles, quantile(level, np.sin(angles), np.cos(angles), freedom)
