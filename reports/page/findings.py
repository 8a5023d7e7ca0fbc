"""The page's first lines: a sentence for each kind of finding, with the claims it is about."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.claims.claim_rows import claim_ids
from reports.claims.judging import ClaimResult
from reports.claims.verdicts import (
    FULL,
    INCONCLUSIVE,
    MISSING,
    NOT_REPRODUCED,
    REPRODUCED,
    is_meaningless,
)

LABELS = {
    REPRODUCED: "Held at this scale",
    NOT_REPRODUCED: "Did not hold, or came out below half",
    INCONCLUSIVE: "Cannot be told with these seeds and videos",
    MISSING: "Not run",
}
VERDICTS = {
    REPRODUCED: "Reproduced",
    NOT_REPRODUCED: "Not reproduced",
    INCONCLUSIVE: "Inconclusive",
}
SOME = 3  # of the comparisons with controls that have not run
CARRIES = "What carries the gain"


@dataclass(frozen=True)
class Named:
    """A claim's name, and its anchor on the page."""

    name: str
    id: str


@dataclass(frozen=True)
class Finding:
    """kind: the page's class; label: what was found; count: of how many; claims: of what."""

    kind: str
    label: str
    count: str
    claims: list[Named]
    more: int = 0  # claims that are not named


def findings(profile: str, results: Sequence[ClaimResult]) -> list[Finding]:
    """What held, what did not, what is open, what carries the gain; each comparison once.

    Nothing where numbers mean nothing, or no claim has run.
    """
    if is_meaningless(profile) or all(one.verdict.word == MISSING for one in results):
        return []
    labels = LABELS | (VERDICTS if profile == FULL else {})
    ids = claim_ids(results)
    distinct = [one for one in results if one.first is None]
    ours = [one for one in distinct if is_ours(one)]
    papers = [one for one in distinct if not is_ours(one)]
    lines = [_line(labels[word], papers, word, ids) for word in labels]
    return [*(line for line in lines if line.claims), *_carrying(ours, ids)]


def is_ours(one: ClaimResult) -> bool:
    """Whether a claim is about controls: of a table on the mechanism without a published number,
    unless it is one of other data."""
    asks = one.table.mechanism and not one.table.by_name_only
    return asks and not any(row.published for row in one.table.rows)


def _line(label: str, results: Sequence[ClaimResult], word: str, ids: dict[int, str]) -> Finding:
    found = [one for one in results if one.verdict.word == word]
    names = [Named(one.claim.name, ids[id(one.claim)]) for one in found]
    return Finding(word.replace(" ", "-"), label, f"{len(found)} of {len(results)}", names)


def _carrying(controls: Sequence[ClaimResult], ids: dict[int, str]) -> list[Finding]:
    """A line for each outcome of the comparisons with controls; of those not run some names."""
    words = {REPRODUCED: "shown", NOT_REPRODUCED: "denied", INCONCLUSIVE: "not resolved"}
    lines = [_line(f"{CARRIES}: {said}", controls, word, ids) for word, said in words.items()]
    left = _line(f"{CARRIES}: not run", controls, MISSING, ids)
    more = max(0, len(left.claims) - SOME)
    lines.append(replace(left, claims=left.claims[:SOME], more=more))
    return [line for line in lines if line.claims]
