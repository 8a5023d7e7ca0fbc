"""Claims under a profile's declared plan: estimates look by look, and the look at which they
stop."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.declared.seed_plan import SeedPlan, moment
from experiments.declared.tables import Claim, Table
from reports.claims.pairs import Pairs, pair_up
from reports.claims.verdicts import p_values
from reports.looks.foresight import Chances, chance_of_decision, planned
from reports.looks.stopping import Course, Followed, Seen, follow
from reports.records.run_record import Record
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class ClaimCourse:
    """A claim, its pairs of records by look (None: some are missing), its course, and the chances
    that the plan gives it: by the planning values, which are of AP and need a published gain, and
    by the variances of its latest look."""

    table: Table
    claim: Claim
    pairs: list[Pairs | None]
    course: Course
    planned: Chances | None
    known: Chances | None
    in_reach: bool

    def estimate(self, look: int) -> Estimate | None:
        found = self.pairs[look]
        return found.estimate() if found else None


def is_planned(record: Record, plan: SeedPlan) -> bool:
    """Whether a record was made under the plan: after its date, with one of its seeds, on its
    videos."""
    seeds = plan.seeds(len(plan.looks) - 1)
    begun = str(record.train.get("started") or record.finished)
    made = bool(begun) and moment(begun) >= plan.since
    return made and record.seed in seeds and record.videos == plan.videos


def claim_courses(
    plan: SeedPlan, tables: Iterable[tuple[Table, Sequence[Record]]]
) -> list[ClaimCourse]:
    """The course of every claim of the tables, which must be all of a page: they share the plan's
    error."""
    claims = [(table, claim, records) for table, records in tables for claim in table.claims]
    pairs = [
        [pairs_at(plan.seeds(look), claim, records) for look in range(len(plan.looks))]
        for _, claim, records in claims
    ]
    estimates = [[one and one.estimate() for one in looks] for looks in pairs]
    tested = len({comparison(claim) for _, claim, _ in claims})
    chances = [by_planning(plan, claim, tested) for _, claim, _ in claims]
    followed = [
        Followed(
            comparison(claim),
            claim.gain,
            [seen(plan, look, claim, one, tested) for look, one in enumerate(found)],
            in_reach=chance is None or chance.found >= plan.power,
        )
        for (_, claim, _), found, chance in zip(claims, estimates, chances, strict=True)
    ]
    return [
        ClaimCourse(
            table, claim, looks, course, chance, known(plan, claim, found, tested), one.in_reach
        )
        for (table, claim, _), looks, found, course, chance, one in zip(
            claims, pairs, estimates, follow(plan, followed), chances, followed, strict=True
        )
    ]


def comparison(claim: Claim) -> tuple[str, str, str, bool]:
    """What claims on the same comparison have in common."""
    return claim.better, claim.than, claim.compared, math.copysign(1.0, claim.gain) > 0


def by_planning(plan: SeedPlan, claim: Claim, tested: int) -> Chances | None:
    if claim.compared != "AP" or not claim.gain:
        return None
    over_seeds = plan.planning.over_seeds(plan.videos)
    return planned(plan, claim.gain, tested, over_seeds, plan.planning.over_videos(plan.videos))


def pairs_at(seeds: list[int], claim: Claim, records: Sequence[Record]) -> Pairs | None:
    """The two runs at exactly these seeds; None if a record is missing."""
    chosen = [record for record in records if record.seed in seeds]
    pairs = pair_up(chosen, claim.better, claim.than, claim.compared)
    return pairs if len(pairs.differences) == len(seeds) else None


def seen(
    plan: SeedPlan, look: int, claim: Claim, found: Estimate | None, tested: int
) -> Seen | None:
    """The numbers of a look on the published side."""
    p = p_values(claim.gain, found) if found else None
    if found is None or p is None or found.seed_variance is None:
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
    return Seen(p.none, p.half, float(chance), p.some)


def known(
    plan: SeedPlan, claim: Claim, estimates: Sequence[Estimate | None], tested: int
) -> Chances | None:
    """The plan's chances by the variances of the latest look.

    None before the first look, and where no gain is published.
    """
    latest = [(n, one) for n, one in zip(plan.looks, estimates, strict=True) if one is not None]
    if not claim.gain or not latest or latest[-1][1].seed_variance is None:
        return None
    seeds, found = latest[-1]
    assert found.seed_variance is not None
    over_videos = found.video_variance or 0.0
    return planned(plan, claim.gain, tested, found.seed_variance * seeds, over_videos)
