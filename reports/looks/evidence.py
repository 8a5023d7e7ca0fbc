"""The courses of a profile's claims, from its manifests and records."""

from collections.abc import Sequence

from experiments.declared.profiles import load_profile
from experiments.declared.seed_plan import SeedPlan
from experiments.declared.tables import load_tables
from experiments.stages.layout import Layout
from reports.looks.judging import ClaimCourse, claim_courses
from reports.records.comparable import comparable
from reports.records.pool import load_pool
from reports.records.run_record import Record


def load_plan(layout: Layout) -> SeedPlan | None:
    """The profile's; None if it declares none, or is no profile. Raises ManifestError."""
    path = layout.manifests / "profiles" / f"{layout.profile}.yaml"
    return load_profile(path)[0].plan if path.is_file() else None


def load_courses(layout: Layout) -> tuple[SeedPlan | None, list[ClaimCourse]]:
    """The plan and the courses of all claims; of a run and seed both shipped and made here, the
    one made here counts, as that is what the plan ran."""
    plan = load_plan(layout)
    if plan is None:
        return None, []
    pool = load_pool(layout)
    latest = {(one.run, one.seed): one for one in [*pool.shipped, *pool.made_here]}
    return plan, courses_of(plan, layout, list(latest.values()))


def courses_of(plan: SeedPlan, layout: Layout, records: Sequence[Record]) -> list[ClaimCourse]:
    tables = load_tables(layout.manifests)
    return claim_courses(plan, [(table, comparable(table, records)[0]) for table in tables])
