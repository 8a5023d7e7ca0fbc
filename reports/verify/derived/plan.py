"""The declared plan as the page puts it."""

import numpy as np

from reports.verify.derived.expected import Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import Gain, distances
from reports.verify.derived.looks import Course, Plan, courses
from reports.verify.facts import Facts, Json
from reports.verify.words import chance, gain

SECTION = "Claims"


def expect_plan(facts: Facts) -> Expected:
    plan: Json | None = facts.manifest.get("plan")
    if plan is None:
        return Expected()
    looks = plan["looks"]
    listed = " and ".join(filter(None, [", ".join(map(str, looks[:-1])), str(looks[-1])]))
    values = {
        "plan_declared": str(plan["declared"]),
        "plan_first": str(plan["first_seed"]),
        "plan_last": str(plan["first_seed"] + looks[-1] - 1),
        "plan_videos": str(plan["videos"]),
        "plan_looks": listed,
        "plan_error": f"{100 * plan['error']:g}",
        "plan_spending": f"{plan['spending']:g}",
    }
    rows = [one for one in courses(facts) if one.p]
    tables = [_looks(Plan(plan), rows)] if rows else []
    return Expected(tables, [(SECTION, values)])


def _looks(plan: Plan, rows: list[Course]) -> ExpectedTable:
    claims = [one.one.claim for one in rows]
    where = [one.one.table.paper for one in rows]
    means = [one.last[1].mean for one in rows]
    published = [one.get("expects") or gain(one["published_gain"]) for one in claims]
    return ExpectedTable(
        (SECTION,),
        [
            column("claim", [f"{a['name']}, {b}" for a, b in zip(claims, where, strict=True)]),
            column("published gain", published),
            column("seeds", [str(plan.looks[len(one.p) - 1]) for one in rows]),
            column("gain", [gain(one, 2) for one in means]),
            column("interval over the looks", [_interval(plan, one) for one in rows]),
            column(
                "p none / half over looks and claims",
                [f"{chance(one.p[-1][0])} / {chance(one.p[-1][1])}" for one in rows],
            ),
            column("what follows", [one.stop for one in rows]),
        ],
    )


def _interval(plan: Plan, one: Course) -> str:
    """It misses the truth at any look in at most twice the plan's error of cases."""
    found: Gain = one.last[1]
    seed_error, video_error = found.seed_error or 0.0, found.video_error or 0.0
    beyond, reach = plan.raw["error"] * plan.shares[len(one.p) - 1], 0.0
    if seed_error or video_error:
        reach = float(distances(beyond, np.array([seed_error]), video_error, found.freedom)[0])
    return f"{gain(found.mean - reach, 2)} to {gain(found.mean + reach, 2)}"
