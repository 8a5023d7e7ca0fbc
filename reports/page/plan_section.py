"""The page's part on the declared plan: what it says, and where each claim stopped."""

from dataclasses import dataclass

from experiments.declared.seed_plan import SeedPlan
from reports.evidence.load import Evidence
from reports.looks.judging import ClaimCourse
from reports.looks.stopping import ABSENT, FUTILITY, MOST, OUT_OF_REACH, SUCCESS, WAITING
from reports.looks.words import interval, plan_line
from reports.numbers import probability, signed

STOPS = {
    SUCCESS: "stopped for success",
    ABSENT: "stopped for futility: half of the published gain or more is excluded",
    FUTILITY: "stopped for futility: a decision is unlikely",
    OUT_OF_REACH: "out of reach of the plan",
    MOST: "stopped at the most seeds, undecided",
    WAITING: "goes on",
}
NOT_YET = "No claim has come to its first look."
OUTSIDE = (
    "Claims that rest on records outside of this plan are judged as if their seeds had been fixed "
    "in advance: looks that were taken at the results as seeds were added are not corrected for."
)


@dataclass(frozen=True)
class CourseRow:
    """A claim that has come to a look, and what it showed."""

    name: str
    where: str
    published: str
    seeds: str
    gain: str
    bounds: str
    p: str
    stop: str


@dataclass(frozen=True)
class PlanSection:
    """lines: the plan and what there is of it, in sentences."""

    lines: list[str]
    rows: list[CourseRow]


def plan_section(evidence: Evidence) -> PlanSection | None:
    """None where no plan is declared."""
    found = evidence.plan
    if found is None:
        return None
    rows = [course_row(found.plan, one) for one in found.courses if one.course.looks]
    planned = {record.evaluation_key for record in found.records}
    others = any(not planned.issuperset(one.pairs.evidence) for one in evidence.claims)
    lines = [plan_line(found.plan), *([] if rows else [NOT_YET]), *([OUTSIDE] if others else [])]
    return PlanSection(lines, rows)


def course_row(plan: SeedPlan, one: ClaimCourse) -> CourseRow:
    look, p = one.course.looks - 1, one.course.p[-1]
    found = one.estimate(look)
    assert found is not None
    low, high = interval(plan, look, found)
    return CourseRow(
        name=one.claim.name,
        where=one.table.paper,
        published=one.claim.expects or signed(one.claim.published_gain),
        seeds=str(plan.looks[look]),
        gain=signed(found.mean, 2),
        bounds=f"{signed(low, 2)} to {signed(high, 2)}",
        p=f"{probability(p.none)} / {probability(p.half)}",
        stop=STOPS[one.course.stop],
    )
