"""The courses of a profile's claims, from its manifests and records."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from experiments.declared.profiles import load_profile
from experiments.declared.seed_plan import SeedPlan
from experiments.declared.tables import Table, load_tables
from experiments.stages.layout import Layout
from reports.claims.judging import ClaimResult
from reports.claims.verdicts import verdict
from reports.looks.judging import ClaimCourse, claim_courses, comparison, is_planned
from reports.records.comparable import comparable
from reports.records.pool import load_pool
from reports.records.profile_manifest import load_profile as load_manifest
from reports.records.profile_manifest import shown_tables
from reports.records.run_record import Record


@dataclass(frozen=True)
class PlanEvidence:
    """A plan, the records made under it, and the courses of all claims of the page in order."""

    plan: SeedPlan
    records: list[Record]
    courses: list[ClaimCourse]


def load_plan_evidence(
    layout: Layout, tables: Sequence[Table], records: Sequence[Record]
) -> PlanEvidence | None:
    """None for a profile that declares no plan, or is none. Raises ManifestError."""
    if "plan" not in load_manifest(layout.manifests, layout.profile):
        return None
    plan = load_profile(layout.manifests / "profiles" / f"{layout.profile}.yaml")[0].plan
    assert plan is not None
    planned = [record for record in records if is_planned(record, plan)]
    pairs = [(table, comparable(table, planned)[0]) for table in tables]
    return PlanEvidence(plan, planned, claim_courses(plan, pairs))


def load_alone(layout: Layout) -> PlanEvidence | None:
    """The plan's evidence read from files, for `--until-decided`.

    Of a run and seed both shipped and made here, the one made here counts, as that is what the plan
    ran.
    """
    pool = load_pool(layout)
    latest = {(one.run, one.seed): one for one in [*pool.shipped, *pool.made_here]}
    profile = load_manifest(layout.manifests, layout.profile)
    tables = shown_tables(load_tables(layout.manifests), profile)
    return load_plan_evidence(layout, tables, list(latest.values()))


def by_the_plan(results: Sequence[ClaimResult], found: PlanEvidence | None) -> list[ClaimResult]:
    """The page's claims; those that rest only on records of the plan are judged by its looks.

    They have the seeds of the look that they stopped at, and p over looks and claims.
    """
    if found is None:
        return list(results)
    planned = {record.evaluation_key for record in found.records}
    tested = len({comparison(one.claim) for one in found.courses})
    out: dict[int, ClaimResult] = {}
    for result, one in zip(results, found.courses, strict=True):
        is_planned = planned.issuperset(result.pairs.evidence)
        out[id(result)] = judged(result, one, tested) if is_planned else result
    return [one if one.first is None else repeated(one, out[id(one.first)]) for one in out.values()]


def judged(result: ClaimResult, one: ClaimCourse, tested: int) -> ClaimResult:
    """A claim by its course; before its first look it is open, whatever its records show."""
    if not one.course.looks:
        word = verdict(one.claim.gain, result.estimate, None)
        return replace(result, p=None, corrected=None, verdict=word, alone=word)
    pairs, p = one.pairs[one.course.looks - 1], one.course.p[-1]
    assert pairs is not None
    found = pairs.estimate()
    word = verdict(one.claim.gain, found, p)
    return replace(
        result, pairs=pairs, estimate=found, corrected=p, verdict=word, alone=word, tested=tested
    )


def repeated(result: ClaimResult, first: ClaimResult) -> ClaimResult:
    """The verdict of the claim that has shown the same comparison before."""
    return replace(first, claim=result.claim, table=result.table, first=first)
