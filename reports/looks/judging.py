"""Claims under a profile's declared plan: their estimates look by look, and where they stop."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from experiments.declared.seed_plan import SeedPlan
from experiments.declared.tables import Claim, Table
from reports.claims.pairs import pair_up
from reports.looks.foresight import Chances, chance_of_decision, planned
from reports.looks.stopping import Course, Followed, Seen, follow
from reports.records.run_record import Record
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class ClaimCourse:
    """A claim, its estimates by look (None: records are missing), its course, and the chances that
    the plan gives it: by the planning values, and by the variances of its latest look."""

    table: Table
    claim: Claim
    estimates: list[Estimate | None]
    course: Course
    planned: Chances
    known: Chances | None
    in_reach: bool


def is_planned(record: Record, plan: SeedPlan) -> bool:
    """Whether it was made under the plan: after its date, with one of its seeds, on its videos."""
    seeds = plan.seeds(len(plan.looks) - 1)
    begun = str(record.train.get("started") or record.finished)[:10]
    made = date.fromisoformat(begun) if begun else date.min
    return record.seed in seeds and record.videos == plan.videos and made >= plan.declared


def claim_courses(
    plan: SeedPlan, tables: Iterable[tuple[Table, Sequence[Record]]]
) -> list[ClaimCourse]:
    """Of every claim of the tables with a published gain, as no size can be planned for the others;
    the tables are all of a page: they share the plan's error.

    The records of a table are comparable; those outside of the plan take no part.
    """
    pairs = [
        (table, claim, [record for record in records if is_planned(record, plan)])
        for table, records in tables
        for claim in table.claims
        if claim.gain
    ]
    estimates = [estimates_by_look(plan, claim, records) for _, claim, records in pairs]
    tested = len({comparison(claim) for _, claim, _ in pairs})
    chances = [
        planned(
            plan,
            claim.gain,
            tested,
            plan.planning.over_seeds(plan.videos),
            plan.planning.over_videos(plan.videos),
        )
        for _, claim, _ in pairs
    ]
    followed = [
        Followed(
            comparison(claim),
            claim.gain,
            [seen(plan, look, claim, one, tested) for look, one in enumerate(found)],
            in_reach=chance.found >= plan.power,
        )
        for (_, claim, _), found, chance in zip(pairs, estimates, chances, strict=True)
    ]
    return [
        ClaimCourse(
            table, claim, found, course, chance, known(plan, claim, found, tested), one.in_reach
        )
        for (table, claim, _), found, course, chance, one in zip(
            pairs, estimates, follow(plan, followed), chances, followed, strict=True
        )
    ]


def comparison(claim: Claim) -> tuple[str, str, str, bool]:
    """What claims of one comparison share."""
    return claim.better, claim.than, claim.compared, claim.gain > 0


def estimates_by_look(
    plan: SeedPlan, claim: Claim, records: Sequence[Record]
) -> list[Estimate | None]:
    """None for looks of which a seed of either run is missing."""
    return [estimate(plan.seeds(look), claim, records) for look in range(len(plan.looks))]


def estimate(seeds: list[int], claim: Claim, records: Sequence[Record]) -> Estimate | None:
    """The claim's gain at just these seeds; None if one is missing."""
    chosen = [record for record in records if record.seed in seeds]
    pairs = pair_up(chosen, claim.better, claim.than, claim.compared)
    return pairs.estimate() if len(pairs.differences) == len(seeds) else None


def seen(
    plan: SeedPlan, look: int, claim: Claim, found: Estimate | None, tested: int
) -> Seen | None:
    """The look's numbers on the published side."""
    if found is None:
        return None
    towards, away = found.p_at_most, found.p_at_least
    if claim.gain < 0:
        towards, away = away, towards
    none, half = towards(0.0), away(claim.gain / 2)
    if none is None or half is None or found.seed_variance is None:
        return None
    chance = chance_of_decision(
        plan,
        look,
        claim.gain,
        math.copysign(1.0, claim.gain) * found.mean,
        found.seed_variance,
        found.video_variance or 0.0,
        tested,
    )
    return Seen(none, half, float(chance))


def known(
    plan: SeedPlan, claim: Claim, estimates: Sequence[Estimate | None], tested: int
) -> Chances | None:
    """The plan's chances by the variances of the latest look; None before the first."""
    latest = [(n, one) for n, one in zip(plan.looks, estimates, strict=True) if one is not None]
    if not latest or latest[-1][1].seed_variance is None:
        return None
    seeds, found = latest[-1]
    assert found.seed_variance is not None
    over_videos = found.video_variance or 0.0
    return planned(plan, claim.gain, tested, found.seed_variance * seeds, over_videos)
