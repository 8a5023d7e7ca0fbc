"""The outcome of every claim, as the page has it."""

from dataclasses import replace
from functools import lru_cache

from reports.verify.derived.claims import Judged, judged_together
from reports.verify.derived.looks import Course, Plan, courses, name
from reports.verify.facts import Facts


@lru_cache(maxsize=4)
def judged(facts: Facts) -> list[Judged]:
    """In order; those that rest on records of the plan alone by its looks, others as if their seeds
    had been fixed in advance."""
    found, taken = judged_together(facts), courses(facts)
    if not taken:
        return found
    plan = Plan(facts.manifest["plan"])
    made = {
        record.raw["evaluate"]["key"]
        for seeds in facts.records.values()
        for record in seeds.values()
        if plan.has(record)
    }
    tested = len({name(course.one) for course in taken})
    out: dict[int, Judged] = {}
    for one, course in zip(found, taken, strict=True):
        is_planned = made.issuperset(one.evidence)
        out[id(one)] = _by_looks(one, course, tested) if is_planned else one
    return [_repeated(one, out[id(one.first)]) if one.first else one for one in out.values()]


def _by_looks(one: Judged, course: Course, tested: int) -> Judged:
    """With the seeds of the look that it came to last; open before the first."""
    if not course.p:
        return replace(one, p=None, corrected=None)
    facts, gain, _ = course.last
    p = course.p[-1]
    better, than, metric = one.claim["better"], one.claim["than"], course.metric
    gains = facts.gains(better, than, metric)
    sides = [[facts.records[run][seed] for seed in gains] for run in (better, than)]
    evidence = tuple(record.raw["evaluate"]["key"] for side in sides for record in side)
    return replace(one, gains=gains, gain=gain, evidence=evidence, p=p, corrected=p, tested=tested)


def _repeated(one: Judged, first: Judged) -> Judged:
    return replace(first, claim=one.claim, table=one.table, first=first)
