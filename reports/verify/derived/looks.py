"""Claims under the declared plan, look by look, by the rules in docs/report.md ("A declared plan").

Look k tests at its share of the error. A claim's p over looks is the least of p over share, which
is then corrected by Holm over all claims of the page, run or not.
"""

import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from reports.verify.derived.claims import Judged, compared, judged_alone, measure_of, published
from reports.verify.derived.gain_statistics import Gain, distances, holm, powers, tail
from reports.verify.facts import Facts, Json, Record

P = tuple[float, float, float]  # of no gain, of half the published one or more, of no loss
FOUND, ABSENT, FUTILE, BEYOND_REACH, MOST, OPEN = (
    *(
        "stopped for success",
        "stopped for futility: half of the published gain or more is excluded",
    ),
    *("stopped for futility: a decision is unlikely", "out of reach of the plan"),
    *("stopped at the most seeds, undecided", "goes on"),
)


@dataclass(frozen=True)
class Plan:
    """A profile's plan; shares: of the error that each look spends."""

    raw: Json

    @property
    def looks(self) -> list[int]:
        return self.raw["looks"]

    @property
    def most(self) -> int:
        return self.looks[-1]

    @property
    def shares(self) -> list[float]:
        spent = [0.0] + [(n / self.most) ** self.raw["spending"] for n in self.looks]
        return [late - early for early, late in pairwise(spent)]

    def seeds(self, look: int) -> range:
        return range(self.raw["first_seed"], self.raw["first_seed"] + self.looks[look])

    def has(self, record: Record) -> bool:
        """Whether it was made under the plan."""
        begun = record.raw["train"].get("started") or record.raw["evaluate"].get("finished")
        return (
            record.seed in self.seeds(len(self.looks) - 1)
            and record.metrics.get("videos") == self.raw["videos"]
            and bool(begun)
            and _utc(begun) >= _utc(str(self.raw["declared"]))
        )


def _utc(text: str) -> datetime:
    """A day's begin or a time; in UTC unless it says otherwise."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


@dataclass
class Course:
    """A claim on its way: what each look shows (None: records are missing), the p of the looks so
    far after all corrections, how many looks it took and why it stopped."""

    one: Judged
    seen: list[tuple[Facts, Gain, P] | None]
    chance: list[float]
    in_reach: bool
    p: list[P] = field(default_factory=list[P])
    stop: str = OPEN

    @property
    def metric(self) -> str:
        return measure_of(self.one.claim)

    @property
    def last(self) -> tuple[Facts, Gain, P]:
        found = self.seen[len(self.p) - 1]
        assert found is not None
        return found


def courses(facts: Facts) -> list[Course]:
    """Of every claim in order; none where the profile declares no plan."""
    if "plan" not in facts.manifest:
        return []
    plan, claims = Plan(facts.manifest["plan"]), judged_alone(facts)
    level = plan.raw["error"] * plan.shares[-1] / len({name(one) for one in claims})
    found = [course(facts, plan, one, level) for one in claims]
    follow(plan, found)
    return found


def name(one: Judged) -> tuple[object, ...]:
    claim = one.claim
    return claim["better"], claim["than"], measure_of(claim), math.copysign(1, published(claim)) > 0


def course(facts: Facts, plan: Plan, one: Judged, level: float) -> Course:
    seen = [at_look(facts, plan, one, look) for look in range(len(plan.looks))]
    chances = [
        chance_of_decision(plan, look, one.published, found[1], level) if found else 0.0
        for look, found in enumerate(seen)
    ]
    return Course(one, seen, chances, in_reach(plan, one, level))


def at_look(facts: Facts, plan: Plan, one: Judged, look: int) -> tuple[Facts, Gain, P] | None:
    """The two runs at just the look's seeds."""
    better, than = one.claim["better"], one.claim["than"]
    chosen = {
        run: {
            seed: record
            for seed, record in facts.records.get(run, {}).items()
            if seed in plan.seeds(look) and plan.has(record)
        }
        for run in (better, than)
    }
    part, metric = replace(facts, records=chosen), measure_of(one.claim)
    gain = compared(part, better, than, metric)
    if gain is None or gain.seeds != plan.looks[look]:
        return None
    toward = replace(gain, mean=math.copysign(1.0, one.published) * gain.mean)
    half = abs(one.published) / 2
    p = toward.p_below(0.0), toward.p_above(half), toward.p_above(0.0)
    return None if None in p else (part, gain, p)  # type: ignore[return-value]


def chance_of_decision(plan: Plan, look: int, published: float, gain: Gain, level: float) -> float:
    """That the last look decides either way: its mean lies around this one by the seeds to come,
    its error over seeds is this one's, with more seeds."""
    mean = math.copysign(1.0, published) * gain.mean
    seed_error, video_error = gain.seed_error or 0.0, gain.video_error or 0.0
    done = plan.looks[look] / plan.most
    late, reach = seed_error * math.sqrt(done), 0.0
    if late or video_error:
        reach = float(distances(level, np.array([late]), video_error, plan.most - 1)[0])
    spread, freedom = seed_error * math.sqrt(1 - done), plan.looks[look] - 1
    above = tail(reach - mean, spread, 0.0, freedom)
    below = tail(reach + mean - abs(published) / 2, spread, 0.0, freedom)
    return min(above + below, 1.0)


def in_reach(plan: Plan, one: Judged, level: float) -> bool:
    """Whether the planning values, which are of AP, give a gain as published enough of a chance."""
    if measure_of(one.claim) != "AP" or not one.published:
        return True
    known, share = plan.raw["planning"], plan.raw["planning"]["videos"] / plan.raw["videos"]
    over_seeds = math.sqrt((known["seeds"] + known["interaction"] * share) / plan.most)
    over_videos = math.sqrt(known["shared"] * share)
    far = (abs(one.published),)
    return powers(far, over_seeds, over_videos, plan.most - 1, level)[0] >= plan.raw["power"]


def hypotheses(one: Judged) -> tuple[tuple[object, ...], ...]:
    """Names of the three that a claim tests; claims may share them."""
    key = name(one)
    return ("none", *key), ("half", *key, one.published), ("some", *key)


def follow(plan: Plan, found: list[Course]) -> None:
    """Takes all claims through their looks, together. Holm corrects each kind of hypothesis."""
    kinds = zip(*(hypotheses(one.one) for one in found), strict=True)
    families = [dict.fromkeys(names, 1.0) for names in kinds]
    going = found
    for look, share in enumerate(plan.shares):
        going = [one for one in going if one.seen[look] is not None]
        for one in going:
            shown = one.seen[look]
            assert shown is not None
            for family, key, p in zip(families, hypotheses(one.one), shown[2], strict=True):
                family[key] = min(family[key], p / share)
        corrected = {
            key: p
            for family in families
            for key, p in zip(family, holm([*family.values()]), strict=True)
        }
        for one in going:
            none, half, some = (corrected[key] for key in hypotheses(one.one))
            one.p.append((none, half, some))
            one.stop = stop(plan, one)
        going = [one for one in going if one.stop in (OPEN, BEYOND_REACH)]


def stop(plan: Plan, one: Course) -> str:
    none, half, _ = one.p[-1]
    if half <= plan.raw["error"]:
        return ABSENT
    if none <= plan.raw["error"]:
        return FOUND
    if len(one.p) == len(plan.looks):
        return MOST
    if not one.in_reach:
        return BEYOND_REACH
    return FUTILE if one.chance[len(one.p) - 1] < plan.raw["futility"] else OPEN
