"""Verdicts on claims, and how each profile may put them.

The rules, in the direction of the published gain, the first that holds:
`not reproduced` if a gain of half the published one or more is excluded, `reproduced` if a gain of
zero or less is, `inconclusive` otherwise or where the error over seeds is unknown. To exclude means
a one-sided p below 5 %: for a claim alone that is a bound of its interval, on a page the p after
Holm's correction for all its comparisons. Where the paper gives a side and no number, the published
gain is 0 with its sign, and half of it is zero: what is excluded is then one side or the other.
"""

import math
from dataclasses import astuple, dataclass

from experiments.declared.trial import TRIAL
from reports.statistics.gain import LEVEL, Estimate
from reports.statistics.multiplicity import holm

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE = "reproduced", "not reproduced", "inconclusive"
MISSING = "not run"
PRESENT, OPPOSITE = "smaller but present", "opposite sign"  # of what is not reproduced
CONTAINS, SMALLER, LARGER = "contains the published gain", "smaller", "larger"  # of what is
FULL, SMOKE = "full", "smoke"  # the profiles whose words differ from those of all others
SIZE = round((1 - LEVEL) / 2, 12)  # of a one-sided test


def is_meaningless(profile: str) -> bool:
    """Whether a profile's numbers only show that everything runs: smoke, and any trial."""
    return profile == SMOKE or profile.endswith(TRIAL)


@dataclass(frozen=True)
class Verdict:
    """word: one of the four above; tag: one of the five, or ""."""

    word: str
    tag: str = ""


@dataclass(frozen=True)
class PValues:
    """One-sided p of three hypotheses about the true gain, in the published direction."""

    none: float  # that it is zero or less
    half: float  # that it is half the published gain or more
    some: float  # that it is zero or more


def p_values(published: float, estimate: Estimate) -> PValues | None:
    """The p-values; None with fewer than two seeds, as nothing is then known of other seeds."""
    toward, away = estimate.p_at_most, estimate.p_at_least
    if math.copysign(1, published) < 0:
        toward, away = away, toward
    none, half, some = toward(0.0), away(published / 2), away(0.0)
    return None if none is None or half is None or some is None else PValues(none, half, some)


def corrected(p: list[PValues]) -> list[PValues]:
    """Holm's correction over all claims, for each of the three hypotheses separately."""
    columns = zip(*map(astuple, p), strict=True)
    return [PValues(*row) for row in zip(*map(holm, columns), strict=True)]


def verdict(published: float, estimate: Estimate | None, p: PValues | None) -> Verdict:
    """The verdict on a published gain, a signed 0 without a number; estimate None: no seed ran."""
    if estimate is None:
        return Verdict(MISSING)
    if p is None:
        return Verdict(INCONCLUSIVE)
    if p.half < SIZE:
        return Verdict(NOT_REPRODUCED, _tag_of_absence(p) if published else OPPOSITE)
    if p.none < SIZE:
        return Verdict(REPRODUCED, place(published, estimate))
    return Verdict(INCONCLUSIVE)


def _tag_of_absence(p: PValues) -> str:
    return PRESENT if p.none < SIZE else OPPOSITE if p.some < SIZE else ""


def place(published: float, estimate: Estimate) -> str:
    """Where the interval lies relative to the published gain; "" if no number is published."""
    if estimate.bounds is None or not published:
        return ""
    low, high = sorted(bound / published for bound in estimate.bounds)
    return SMALLER if high < 1 else LARGER if low > 1 else CONTAINS


# the same findings in words for profiles whose results are no verdicts on the paper
DIRECTIONS = {
    Verdict(REPRODUCED): "as the text says",
    Verdict(REPRODUCED, CONTAINS): f"as published ({CONTAINS})",
    Verdict(REPRODUCED, SMALLER): f"as published ({SMALLER})",
    Verdict(REPRODUCED, LARGER): f"as published ({LARGER})",
    Verdict(NOT_REPRODUCED, PRESENT): "below half the published gain, but present",
    Verdict(NOT_REPRODUCED, OPPOSITE): "opposite",
    Verdict(NOT_REPRODUCED): "none, or below half the published gain",
    Verdict(INCONCLUSIVE): "not resolved",
}


# the same in a word or two, beside the plot of all claims
WORDS = {
    PRESENT: "below half",
    OPPOSITE: "opposite",
    NOT_REPRODUCED: "none or below half",
    REPRODUCED: "as published",
    INCONCLUSIVE: "not resolved",
    MISSING: MISSING,
}


def word_of(profile: str, found: Verdict) -> str:
    """The outcome in short: a verdict's word at full scale, the finding's elsewhere."""
    if is_meaningless(profile):
        return "meaningless"
    if profile == FULL:
        return found.word
    if found == Verdict(REPRODUCED):
        return DIRECTIONS[found]
    return WORDS.get(found.tag) or WORDS[found.word]


def wording(profile: str, found: Verdict) -> str:
    """The outcome as the page puts it: a verdict at full scale, at other scales a direction, and
    "meaningless" where numbers only show that everything runs."""
    if is_meaningless(profile):
        return f"meaningless ({profile})"
    if found.word == MISSING:
        return MISSING
    if profile == FULL:
        return f"{found.word} ({found.tag})" if found.tag else found.word
    return DIRECTIONS[found]
