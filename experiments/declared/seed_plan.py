"""A profile's declared plan: with which seeds, on how many videos and at which looks its claims are
decided. It stands in the manifest before anything of it runs, and in no stage's settings.

    plan:
      declared: 2026-11-29
      first_seed: 0
      looks: [3, 5, 8]
      videos: 300
      error: 0.05
      spending: 2.0
      futility: 0.05
      power: 0.8
      planning: {videos: 300, seeds: 0.06, interaction: 0.3, shared: 0.03}
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from experiments.declared.manifest_errors import Source

LARGEST_ERROR = 0.05  # what the page tests at
TIME = "a date such as 2026-11-29, or a time in quotes such as '2026-11-29 15:00:00'"
FEWEST, MOST = 2, 200  # seeds at a look: one has no variance, a call takes at most 200


@dataclass(frozen=True)
class Planning:
    """Variances of a gain, in squared percent points of AP, assumed for power until the pair's own
    are known.

    All three are for `videos` validation videos. seeds: variance between seeds of the difference of
    two runs, on an unlimited number of videos; interaction: what the sample of videos adds to that,
    independently for every seed; shared: what it adds equally for all seeds, which no number of
    seeds lowers.
    """

    videos: int
    seeds: float
    interaction: float
    shared: float

    def over_seeds(self, videos: int) -> float:
        """Variance between seeds of one seed's difference, on this many videos."""
        return self.seeds + self.interaction * self.videos / videos

    def over_videos(self, videos: int) -> float:
        """Variance that all seeds share, on this many videos."""
        return self.shared * self.videos / videos


@dataclass(frozen=True)
class SeedPlan:
    """The plan of one profile.

    declared: a day, or in quotes a time in UTC; looks: number of seeds at each look at the results,
    the last being the maximum; videos: of the validation split; error: one-sided, of all claims and
    looks together; spending: once a share t of the seeds has run, the share t ** spending of the
    error may be spent (1: evenly; 3: mostly late); futility: a claim with a smaller chance of a
    decision than this stops; power: a claim that would be decided less often than this if its gain
    were as published is not pursued.
    """

    declared: date | str
    first_seed: int
    looks: list[int]
    videos: int
    error: float
    spending: float
    futility: float
    power: float
    planning: Planning

    @property
    def since(self) -> datetime:
        """From when on records are made under the plan."""
        return moment(self.declared)

    @property
    def most(self) -> int:
        return self.looks[-1]

    def seeds(self, look: int) -> list[int]:
        """Seeds of a look (counted from 0): those of the looks before and the new ones."""
        return list(range(self.first_seed, self.first_seed + self.looks[look]))

    @property
    def shares(self) -> list[float]:
        """The share of the error that each look spends; together 1."""
        spent = [(seeds / self.most) ** self.spending for seeds in self.looks]
        return [after - before for before, after in pairwise([0.0, *spent])]


def moment(declared: date | str) -> datetime:
    """A day's begin, or a time; in UTC unless it says otherwise. Raises ValueError for text that
    is neither."""
    time = datetime.fromisoformat(str(declared))
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def check_seed_plan(plan: SeedPlan, source: Source) -> None:
    """Raises ManifestError unless the numbers make a plan."""
    check_looks(plan, source)
    try:
        moment(plan.declared)
    except ValueError as error:
        problem = f"declared must be {TIME}, not {plan.declared!r}"
        raise source.error(problem, "plan", "declared") from error
    ranges = {
        "error": (0.0, LARGEST_ERROR, plan.error),
        "futility": (0.0, 0.5, plan.futility),
        "power": (0.0, 1.0, plan.power),
        "spending": (0.0, math.inf, plan.spending),
    }
    for name, (low, high, value) in ranges.items():
        if not low < value <= high:
            most = f" and at most {high:g}" if high < math.inf else ""
            raise source.error(f"{name} must be above {low:g}{most}, not {value:g}", "plan", name)
    for name in ("seeds", "interaction", "shared"):
        if getattr(plan.planning, name) < 0:
            raise source.error(f"{name} is a variance: not negative", "plan", "planning", name)
    if plan.videos < 1:
        raise source.error("videos must be at least 1, not 0", "plan", "videos")
    if plan.planning.videos < 1:
        raise source.error("planning.videos must be at least 1", "plan", "planning", "videos")


def check_looks(plan: SeedPlan, source: Source) -> None:
    if not plan.looks:
        raise source.error("looks is empty", "plan", "looks")
    if plan.looks[0] < FEWEST:
        message = f"the first look needs {FEWEST} seeds or more, not {plan.looks[0]}"
        raise source.error(message, "plan", "looks", 0)
    for i, (before, after) in enumerate(pairwise(plan.looks), 1):
        if after <= before:
            message = f"looks must rise: {after} seeds come after {before}"
            raise source.error(message, "plan", "looks", i)
    if plan.most > MOST:
        message = f"{plan.most} seeds: at most {MOST}"
        raise source.error(message, "plan", "looks", len(plan.looks) - 1)
