"""A claim's outcome in a line or two of prose: its evidence and its qualifications."""

import math

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import (
    CONTAINS,
    INCONCLUSIVE,
    LARGER,
    NOT_REPRODUCED,
    OPPOSITE,
    PRESENT,
    REPRODUCED,
    SMALLER,
    place,
)
from reports.numbers import probability, signed
from reports.statistics.gain import Estimate

PLACES = {
    CONTAINS: "lies inside the interval",
    SMALLER: "is larger than the whole interval",
    LARGER: "is smaller than the whole interval",
}


def reading(result: ClaimResult) -> str:
    """The outcome in sentences."""
    found = result.estimate
    if found is None:
        return "No seed of both runs has finished."
    if found.bounds is None:
        return "One seed, and nothing to tell luck by: not judged."
    if found.seed_variance is None:
        return "One seed: the interval is one over videos, and not judged."
    if result.first is not None:
        lines = [_as_before(result, result.first, found)]
    else:
        lines = [_decided(result, found)]
        if found.video_variance is None:
            lines.append("Luck with the videos is not in it: the records hold no draws.")
    return " ".join([*lines, *unlike(result)])


def _as_before(result: ClaimResult, first: ClaimResult, found: Estimate) -> str:
    line = f"The comparison of {first.table.paper}, counted once."
    ours, theirs = result.claim.gain, first.claim.gain
    if ours == theirs:
        return line
    return f"{line} The gain published here {PLACES[place(ours, found)]}."


def _decided(result: ClaimResult, found: Estimate) -> str:
    if result.verdict.word == REPRODUCED:
        line = f"{_side(result)} zero"
    elif result.verdict.word == NOT_REPRODUCED:
        line = _absent(result, found)
    else:
        return _undecided(result, found)
    return f"{line}, {_at_once(result)}." if result.tested > 1 else f"{line}."


def _absent(result: ClaimResult, found: Estimate) -> str:
    line = _best(result, found)
    if not result.claim.gain:
        return line
    if result.verdict.tag == OPPOSITE:
        return f"{line}: the other side of zero"
    if result.verdict.tag == PRESENT:
        return f"{line}, yet {_side(result).lower()} zero"
    return f"{line}; zero is possible"


def _undecided(result: ClaimResult, found: Estimate) -> str:
    """Which of the two hypotheses the claim's own interval excludes, and the corrected p by which
    it still stands."""
    both = "half of the published gain or more" if result.claim.gain else "either side"
    if result.alone.word == INCONCLUSIVE or result.corrected is None:
        return f"Nothing, and {both}, are both possible."
    if result.alone.word == REPRODUCED:
        line, p = f"{_side(result).lower()} zero", result.corrected.none
    else:
        line, p = _best(result, found), result.corrected.half
    return f"Alone: {line}. Not {_at_once(result)} (p {probability(p)})."


def _best(result: ClaimResult, found: Estimate) -> str:
    published = result.claim.gain
    if not published:
        return "The other side of zero"
    best = found.bounds[1 if published > 0 else 0] if found.bounds else None
    return f"{signed(best, 2)} at best, less than half of the published {signed(published)}"


def _side(result: ClaimResult) -> str:
    return "Above" if math.copysign(1, result.claim.gain) > 0 else "Below"


def _at_once(result: ClaimResult) -> str:
    return f"with all {result.tested} comparisons tested at once"


def unlike(result: ClaimResult) -> list[str]:
    """Sentences on differences between the two runs of a pair other than the module."""
    pairs = result.pairs
    traits = [(pairs.commits, "at two commits"), (pairs.machines, "on two kinds of machine")]
    return [f"Trained {what}: {seed_names(seeds)}." for seeds, what in traits if seeds]


def seed_names(seeds: list[int]) -> str:
    """[0, 2] -> 'seeds 0, 2'."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
