"""What stands above the claims: what a reader should know of all of them."""

from collections.abc import Sequence

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import is_meaningless
from reports.evidence.load import Evidence


def claim_notes(evidence: Evidence) -> list[str]:
    """A paragraph each; none where the numbers mean nothing."""
    if is_meaningless(evidence.profile):
        return []
    return [*evidence.notes, *unlike_pairs(evidence.claims)]


def unlike_pairs(claims: Sequence[ClaimResult]) -> list[str]:
    """How many claims rest on pairs that differ in more than the module."""
    run = [one for one in claims if one.differences]
    commits = sum(bool(one.pairs.commits) for one in run)
    machines = sum(bool(one.pairs.machines) for one in run)
    parts = [
        f"{count} of {len(run)} claims have pairs trained {what}"
        for count, what in ((commits, "at two commits"), (machines, "on two kinds of machine"))
        if count
    ]
    return [f"{'; '.join(parts)}. Each says at which seeds."] if parts else []
