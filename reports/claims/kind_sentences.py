"""What a table's claims on kinds of errors and on hard videos came to, in words."""

from collections.abc import Sequence

from experiments.declared.measures import MEASURES
from reports.claims.judging import ClaimResult
from reports.claims.verdicts import MISSING, wording
from reports.statistics.intervals import with_interval


def kind_sentences(profile: str, claims: Sequence[ClaimResult]) -> str:
    """Of those that have a measure of their own; "" where there are none."""
    own = [one for one in claims if one.claim.measure]
    told = [_told(profile, one) for one in own if one.verdict.word != MISSING]
    left = [one.claim.name for one in own if one.verdict.word == MISSING]
    return " ".join([*told, *([f"Not run: {'; '.join(left)}."] if left else [])])


def _told(profile: str, one: ClaimResult) -> str:
    """As "Tracks are not mixed up: AP lost to association −1.3 (−2.0 to −0.6), not resolved."."""
    found, claim = one.estimate, one.claim
    assert found is not None
    return (
        f"{claim.name}: {MEASURES[claim.measure]} {with_interval(found, 2)}, "
        f"{wording(profile, one.verdict)}."
    )
