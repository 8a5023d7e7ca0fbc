"""Verdicts on claims, and how each profile may put them.

The rules, in the direction of the published gain, the first that holds:
`not reproduced` if the interval's upper bound is below half the published gain, `reproduced` if its
lower bound is above zero, `inconclusive` otherwise or where the spread over seeds is unknown.
"""

from dataclasses import dataclass

from experiments.declared.trial import TRIAL
from reports.statistics import LEVEL, Estimate

REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE = "reproduced", "not reproduced", "inconclusive"
MISSING = "not run"
SMALLER, OPPOSITE = "smaller but present", "opposite sign"
FULL, SMOKE = "full", "smoke"  # the profiles whose words differ from those of all others


def is_meaningless(profile: str) -> bool:
    """Whether a profile's numbers only show that everything runs: smoke, and any trial."""
    return profile == SMOKE or profile.endswith(TRIAL)


@dataclass(frozen=True)
class Verdict:
    """word: one of the four above; tag: SMALLER, OPPOSITE or nothing."""

    word: str
    tag: str = ""


def verdict(published: float, estimate: Estimate | None) -> Verdict:
    """The verdict on a published gain, which must not be 0; None: no seed has run."""
    if estimate is None:
        return Verdict(MISSING)
    if estimate.seed_variance is None or estimate.bounds is None:
        return Verdict(INCONCLUSIVE)
    low, high = estimate.bounds
    if published < 0:
        low, high, published = -high, -low, -published
    if high < published / 2:
        return Verdict(NOT_REPRODUCED, SMALLER if low > 0 else OPPOSITE if high < 0 else "")
    return Verdict(REPRODUCED if low > 0 else INCONCLUSIVE)


# what the same findings are called where they are no verdicts on the paper
DIRECTIONS = {
    Verdict(REPRODUCED): "as published",
    Verdict(NOT_REPRODUCED, SMALLER): "as published, but smaller",
    Verdict(NOT_REPRODUCED, OPPOSITE): "opposite",
    Verdict(NOT_REPRODUCED): "none, or below half the published gain",
    Verdict(INCONCLUSIVE): "not resolved",
}


def words(profile: str, found: Verdict) -> str:
    """A finding in short, as the profile may put it."""
    if found.word == MISSING:
        return MISSING
    if profile == FULL:
        return f"{found.word} ({found.tag})" if found.tag else found.word
    return DIRECTIONS[found]


def wording(profile: str, found: Verdict) -> str:
    """The outcome as the page puts it: a verdict at full scale, at other scales a direction, and
    "meaningless" where numbers only show that everything runs."""
    if is_meaningless(profile):
        return f"meaningless ({profile})"
    is_direction = profile != FULL and found.word != MISSING
    return (f"direction at {profile} scale: " if is_direction else "") + words(profile, found)


def stands_after(p_holm: float | None) -> bool:
    """Whether a gain still counts as found when all claims of its table are tested at once."""
    return p_holm is not None and p_holm < (1 - LEVEL) / 2
