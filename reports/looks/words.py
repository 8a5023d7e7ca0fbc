"""Sentences on a plan and its looks, for the page and the terminal. No markup here."""

import math

from experiments.declared.seed_plan import SeedPlan
from reports.looks.foresight import Chances
from reports.looks.judging import ClaimCourse
from reports.looks.stopping import ABSENT, FUTILITY, MOST, OUT_OF_REACH, SUCCESS
from reports.numbers import probability, signed
from reports.statistics.confidence import quantile
from reports.statistics.gain import Estimate

NOT_PLANNED = "how likely, planning values of AP and a published gain would say"


def plan_line(plan: SeedPlan) -> str:
    """The plan in one sentence."""
    first, last = plan.first_seed, plan.first_seed + plan.most - 1
    *before, most = plan.looks
    looks = f"{', '.join(map(str, before))} and {most}" if before else str(most)
    return (
        f"Declared {plan.declared}: seeds {first} to {last} on {plan.videos} validation videos, "
        f"looks at {looks} seeds, {percent(plan.error)} error over all claims and looks, of which "
        f"a share t of the seeds spends t^{plan.spending:g}."
    )


def percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def foreseen(plan: SeedPlan, one: ClaimCourse) -> str:
    """Before a claim has run: whether the plan can decide it, and why."""
    line = f"{chances(one.planned)} by the planning values" if one.planned else NOT_PLANNED
    if one.known is not None:
        line += f", {chances(one.known)} by its own variances so far"
    if one.in_reach:
        return f"can be decided ({line})"
    return (
        f"will not be decided with {plan.most} seeds on {plan.videos} videos ({line}; the plan "
        f"asks for {percent(plan.power)}) and gets the seeds of the first look alone"
    )


def chances(found: Chances) -> str:
    """As "found in 55 % of cases if as published, denied in 7 % if zero"."""
    shown, denied = (f"{100 * chance:.0f} %" for chance in found)
    return f"found in {shown} of cases if as published, denied in {denied} if zero"


def look_line(plan: SeedPlan, one: ClaimCourse, look: int) -> str:
    """The result of a look for a claim, and whether it is decided; look: counted from 0."""
    found = one.estimate(look)
    if found is None or look >= one.course.looks:
        return "not looked at: records are missing"
    low, high = interval(plan, look, found)
    line = f"{signed(found.mean, 2)}, {signed(low, 2)} to {signed(high, 2)}: "
    return line + (outcome(plan, one) if look == one.course.looks - 1 else "went on")


def interval(plan: SeedPlan, look: int, found: Estimate) -> tuple[float, float]:
    """An interval that holds at all looks together with twice the plan's error, for one claim."""
    if found.seed_variance is None:
        return -math.inf, math.inf
    errors = math.sqrt(found.seed_variance), math.sqrt(found.video_variance or 0.0)
    reach = float(quantile(plan.error * plan.shares[look], *errors, found.freedom))
    return found.mean - reach, found.mean + reach


def outcome(plan: SeedPlan, one: ClaimCourse) -> str:
    """Why a claim stopped, or that it goes on."""
    course = one.course
    none, half = probability(course.p[-1].none), probability(course.p[-1].half)
    seeds = plan.looks[course.looks - 1]
    if course.stop == SUCCESS:
        return f"decided at {seeds} seeds, stopped for success (p of no gain {none})"
    if course.stop == ABSENT:
        some = f", but some (p of no gain {none})" if course.p[-1].none <= plan.error else ""
        gain = f"{absent(one)} (p {half})"
        return f"decided at {seeds} seeds, stopped for futility: {gain}{some}"
    why = f"p of no gain {none}, of half the published one or more {half}"
    if course.stop == FUTILITY:
        few = percent(plan.futility)
        return (
            f"undecided at {seeds} seeds, stopped for futility: less than {few} chance of a "
            f"decision by {plan.most} ({why})"
        )
    if course.stop == OUT_OF_REACH:
        return f"undecided, out of reach of the plan ({why})"
    if course.stop == MOST:
        return f"undecided, stopped at the most seeds, {seeds} ({why})"
    return f"goes on ({why})"


def absent(one: ClaimCourse) -> str:
    """What is known of a claim that is denied."""
    published = one.claim.published_gain
    if published is None:
        return "not on the side that is claimed"
    return f"less than half of the published {signed(published)}"
