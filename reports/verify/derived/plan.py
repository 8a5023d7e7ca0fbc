"""The declared plan as the page puts it."""

from reports.verify.derived.expected import Expected
from reports.verify.facts import Facts, Json

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
    return Expected(contexts=[(SECTION, values)])
