"""When a claim stops: the error of a plan spent over its looks and over all claims of a page.

The error is split over the looks in advance, by the plan's spending function, and look k tests at
its own share. So a claim's p over all looks is the least of `p at look k / share of look k`, which
is below any level a with probability at most a, however the looks depend on each other. That is
all that Holm's procedure over the claims of the page needs.

Boundaries from the joint distribution of the looks (Lan and DeMets 1983) would spend a little
less, but that distribution is not known here: seeds share their validation videos, and three seeds
estimate their spread by two degrees of freedom, with which such boundaries exceed their error.
`python -m benchmarks.looks` measures both.

K. K. G. Lan, D. L. DeMets: Discrete sequential boundaries for clinical trials. Biometrika 70, 1983.
K. Kim, D. L. DeMets: Design and analysis of group sequential tests based on the type I error
spending rate function. Biometrika 74, 1987: spending t to a power.
Q. Liu, K. M. Anderson: On adaptive extensions of group sequential trials for clinical
investigations. Journal of the American Statistical Association 103, 2008: p over looks.
T. Mathieu et al.: AdaStop: adaptive statistical testing for sound comparisons of deep RL agents.
Transactions on Machine Learning Research, 2024: rounds of seeds, stopping comparison by comparison.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from experiments.declared.seed_plan import SeedPlan
from reports.claims.verdicts import PValues
from reports.statistics.multiplicity import holm

SUCCESS, ABSENT, FUTILITY, OUT_OF_REACH, MOST, WAITING = (
    *("success", "absent", "futility", "out of reach", "most seeds"),
    "",
)
DECIDED = (SUCCESS, ABSENT)


class Seen(NamedTuple):
    """What one look shows of a claim, on the published side.

    p_none: one-sided p of no gain; p_half: of at least half the published gain; chance: of a
    decision by the last look, as far as this one can tell; p_some: of no loss.
    """

    p_none: float
    p_half: float
    chance: float
    p_some: float = 1.0


@dataclass(frozen=True)
class Followed:
    """A claim by look, None where records of the look are missing.

    comparison: what claims about the same two runs share; with `published` it names the second
    hypothesis, that the gain is at least half of that. in_reach: whether the plan can decide it.
    """

    comparison: Hashable
    published: float
    seen: Sequence[Seen | None]
    in_reach: bool = True


@dataclass
class Course:
    """What became of a claim.

    The looks it took, why it stopped (WAITING: it has not, but lacks records of the next look), and
    its p after all corrections at each look.
    """

    looks: int = 0
    stop: str = WAITING
    p: list[PValues] = field(default_factory=list[PValues])


class Family:
    """Hypotheses that are tested together, each with its p over the looks so far; 1 before."""

    def __init__(self, names: Sequence[Hashable], shares: Sequence[float]) -> None:
        self.shares, self.p = shares, dict.fromkeys(names, 1.0)

    def look(self, name: Hashable, look: int, p: float) -> None:
        self.p[name] = min(self.p[name], p / self.shares[look])

    def adjusted(self) -> dict[Hashable, float]:
        return dict(zip(self.p, holm(list(self.p.values())), strict=True))


def follow(plan: SeedPlan, claims: Sequence[Followed]) -> list[Course]:
    """The course of every claim of a page, all looks in turn.

    Families are tested at the plan's error each: that there is no gain, whose rejection is SUCCESS,
    that it is at least half as published, whose rejection is ABSENT, and that it is no loss, which
    stops nothing. Stopping for any other reason makes no error. A claim that stopped keeps its p
    for Holm.
    """
    gains = Family([claim.comparison for claim in claims], plan.shares)
    halves = Family([(claim.comparison, claim.published) for claim in claims], plan.shares)
    losses = Family([claim.comparison for claim in claims], plan.shares)
    courses = [Course() for _ in claims]
    going = list(zip(claims, courses, strict=True))
    for look in range(len(plan.looks)):
        going = [(claim, course) for claim, course in going if claim.seen[look] is not None]
        for claim, _ in going:
            seen = claim.seen[look]
            assert seen is not None
            gains.look(claim.comparison, look, seen.p_none)
            halves.look((claim.comparison, claim.published), look, seen.p_half)
            losses.look(claim.comparison, look, seen.p_some)
        none, half, some = gains.adjusted(), halves.adjusted(), losses.adjusted()
        for claim, course in going:
            course.looks = look + 1
            name = claim.comparison
            course.p.append(PValues(none[name], half[name, claim.published], some[name]))
            course.stop = stop(plan, claim, course)
        # a claim out of reach asks for no seeds, but takes looks for which there are records anyway
        going = [pair for pair in going if pair[1].stop in (WAITING, OUT_OF_REACH)]
    return courses


def stop(plan: SeedPlan, claim: Followed, course: Course) -> str:
    """Why the claim stops at the look it has just taken; WAITING if it goes on."""
    seen = claim.seen[course.looks - 1]
    assert seen is not None
    if course.p[-1].half <= plan.error:
        return ABSENT
    if course.p[-1].none <= plan.error:
        return SUCCESS
    if course.looks == len(plan.looks):
        return MOST
    if not claim.in_reach:
        return OUT_OF_REACH
    return FUTILITY if seen.chance < plan.futility else WAITING
