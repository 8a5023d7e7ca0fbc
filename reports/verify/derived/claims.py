"""Every claim judged once more: gain, interval, p and outcome, by the rules in docs/report.md.

`outcomes.py` has what stands on the page, where a declared plan may take these rules' place."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from reports.verify.derived.gain_statistics import BEYOND, Array, Gain, estimate, holm
from reports.verify.facts import Facts, Json, PaperTable, Record, part
from reports.verify.recounted.recorded_draws import common_draws
from reports.verify.words import machine

NOT_RUN, OPEN, FOUND, DENIED = "not run", "inconclusive", "reproduced", "not reproduced"
WORDS = {  # at other scales than the paper's
    (FOUND, ""): "as the text says",
    (FOUND, "contains the published gain"): "as published (contains the published gain)",
    (FOUND, "smaller"): "as published (smaller)",
    (FOUND, "larger"): "as published (larger)",
    (DENIED, "smaller but present"): "below half the published gain, but present",
    (DENIED, "opposite sign"): "opposite",
    (DENIED, ""): "none, or below half the published gain",
    (OPEN, ""): "not resolved",
}


@dataclass(frozen=True)
class Judged:
    """p: that there is no gain, that it is half the published one or more, that it is no loss, each
    one-sided and toward the published side; corrected: after Holm, over ``tested`` comparisons;
    first: the claim that has shown the same comparison before."""

    table: PaperTable
    claim: Json
    gains: dict[int, float]
    gain: Gain | None
    videos: int
    evidence: tuple[str, ...]
    p: tuple[float, float, float] | None
    corrected: tuple[float, float, float] | None = None
    tested: int = 0
    first: "Judged | None" = None

    @property
    def published(self) -> float:
        return published(self.claim)

    @property
    def alone(self) -> tuple[str, str]:
        return self._verdict(self.p)

    @property
    def verdict(self) -> tuple[str, str]:
        return self._verdict(self.corrected or self.p)

    def _verdict(self, p: tuple[float, float, float] | None) -> tuple[str, str]:
        if self.gain is None:
            return NOT_RUN, ""
        if p is None:
            return OPEN, ""
        none, half, some = (one < BEYOND for one in p)
        if half and not self.published:
            return DENIED, "opposite sign"
        if half:
            return DENIED, "smaller but present" if none else "opposite sign" if some else ""
        return (FOUND, place(self.published, self.gain)) if none else (OPEN, "")


def published(claim: Json) -> float:
    """The published gain; 0 with its sign where the manifest has a side alone."""
    return claim.get("published_gain", -0.0 if claim.get("expects") == "less" else 0.0)


def measure_of(claim: Json) -> str:
    """The number of a record that a claim compares."""
    return claim.get("measure", claim["metric"])


def place(published: float, gain: Gain) -> str:
    """Where the interval lies, seen from the published gain."""
    if gain.bounds is None or not published:
        return ""
    low, high = sorted(bound / published for bound in gain.bounds)
    return "smaller" if high < 1 else "larger" if low > 1 else "contains the published gain"


@lru_cache(maxsize=4)
def judged_alone(facts: Facts) -> list[Judged]:
    """Every claim in order, by itself."""
    return [_alone(facts, table, claim) for table in facts.tables for claim in table.claims]


def judged_together(facts: Facts) -> list[Judged]:
    """As if seeds had been fixed in advance. Claims that rest on the same comparison share its
    outcome."""
    alone = judged_alone(facts)
    firsts: dict[object, Judged] = {}
    for one in alone:
        firsts.setdefault(_comparison(one), one)
    tested = [key for key, one in firsts.items() if one.p]
    columns = [holm([firsts[key].p[k] for key in tested]) for k in range(3)]  # type: ignore[index]
    for key, none, half, some in zip(tested, *columns, strict=True):
        firsts[key] = replace(firsts[key], corrected=(none, half, some), tested=len(tested))
    found: list[Judged] = []
    for one in alone:
        first = firsts[_comparison(one)]
        is_first = one.claim is first.claim
        found.append(
            first if is_first else replace(first, table=one.table, claim=one.claim, first=first)
        )
    return found


def _comparison(one: Judged) -> object:
    return one.claim["better"], one.claim["than"], measure_of(one.claim), one.evidence


def _alone(facts: Facts, table: PaperTable, claim: Json) -> Judged:
    better, than, metric = claim["better"], claim["than"], measure_of(claim)
    gains = facts.gains(better, than, metric)
    sides = [[facts.records[run][seed] for seed in gains] for run in (better, than)]
    evidence = tuple(record.raw["evaluate"]["key"] for side in sides for record in side)
    if not gains:
        return Judged(table, claim, {}, None, 0, evidence, None)
    videos = int(sides[0][0].metrics.get("videos") or 0)
    gain = compared(facts, better, than, metric)
    assert gain is not None
    sign = math.copysign(1.0, published(claim))
    toward = replace(gain, mean=sign * gain.mean)
    half = abs(published(claim)) / 2
    values = toward.p_below(0.0), toward.p_above(half), toward.p_above(0.0)
    p = None if any(v is None for v in values) else values
    return Judged(table, claim, gains, gain, videos, evidence, p)  # type: ignore[arg-type]


def compared(facts: Facts, better: str, than: str, metric: str) -> Gain | None:
    """The mean gain of one run over another; None without a common seed."""
    gains = facts.gains(better, than, metric)
    if not gains:
        return None
    sides = [[facts.records[run][seed] for seed in gains] for run in (better, than)]
    videos = int(sides[0][0].metrics.get("videos") or 0)
    return estimate([*gains.values()], _draws(sides, metric), videos)


def _draws(sides: list[list[Record]], metric: str) -> Array | None:
    """(n, B) differences in percent points, of draws that are defined for every record."""
    better, than = sides
    found = common_draws([*better, *than], metric)
    return None if found is None else found[: len(better)] - found[len(better) :]


def unlike(facts: Facts, one: Judged, trait: Callable[[Record], str]) -> list[int]:
    """Seeds at which the two runs of a pair were trained unlike."""
    better, than = (facts.records.get(one.claim[side], {}) for side in ("better", "than"))
    return [seed for seed in one.gains if trait(better[seed]) != trait(than[seed])]


def commit(record: Record) -> str:
    return str(part(record.raw["train"], "git").get("commit"))


def trained_on(record: Record) -> str:
    return machine(record.raw["train"].get("hardware"))


def is_meaningless(profile: str) -> bool:
    return profile == "smoke" or profile.endswith("-trial")


def word_of(profile: str, verdict: tuple[str, str]) -> str:
    """The outcome in short."""
    word, tag = verdict
    if is_meaningless(profile):
        return "meaningless"
    if word == NOT_RUN or profile == "full":
        return word
    if word == DENIED:
        tags = {"smaller but present": "below half", "opposite sign": "opposite"}
        return tags.get(tag, "none or below half")
    return "not resolved" if word == OPEN else "as published" if tag else "as the text says"


def wording(profile: str, verdict: tuple[str, str]) -> str:
    """The outcome as the page puts it."""
    word, tag = verdict
    if is_meaningless(profile):
        return f"meaningless ({profile})"
    if word == NOT_RUN or profile == "full":
        return f"{word} ({tag})" if tag else word
    return WORDS[verdict]
