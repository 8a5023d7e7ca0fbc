"""What the page says of claims: cells, positions on the interval strip and one line of reading."""

from typing import Any

from reports.claims.judging import ClaimResult
from reports.claims.verdicts import (
    INCONCLUSIVE,
    MISSING,
    NOT_REPRODUCED,
    OPPOSITE,
    REPRODUCED,
    SMALLER,
    Verdict,
    is_meaningless,
    stands_after,
    wording,
)
from reports.numbers import number, probability, signed
from reports.paper.published_tables import Table

# colours and marks of the page, by finding
KINDS = {
    Verdict(REPRODUCED): "found",
    Verdict(NOT_REPRODUCED, SMALLER): "smaller",
    Verdict(NOT_REPRODUCED): "absent",
    Verdict(NOT_REPRODUCED, OPPOSITE): "opposite",
    Verdict(INCONCLUSIVE): "open",
    Verdict(MISSING): "missing",
}


def claim_groups(
    profile: str, tables: list[Table], results: list[ClaimResult]
) -> list[dict[str, Any]]:
    """The rows of the claim table by table of the paper; tables without claims are left out."""
    reach = strip_reach(results)
    groups = []
    for table in tables:
        own = [claim_row(profile, one, reach) for one in results if one.table.id == table.id]
        if own:
            groups.append({"id": table.id, "paper": table.paper, "rows": own})
    return groups


def claim_row(profile: str, result: ClaimResult, reach: float) -> dict[str, Any]:
    """One line of the claim table; `reach` is the largest absolute gain of the interval strip."""
    claim, found = result.claim, result.estimate
    bounds = (found.low, found.high) if found and found.low is not None else None
    errors = (found.seed_variance, found.video_variance) if found else (None, None)
    return {
        "name": claim.name,
        "where": ", ".join(part for part in (result.table.paper, _section(claim.section)) if part),
        "section": _section(claim.section),
        "sentence": claim.sentence,
        "metric": claim.metric,
        "better": claim.better,
        "than": claim.than,
        "published": signed(claim.published_gain),
        "measured": signed(found.mean if found else None),
        "bounds": f"{signed(bounds[0])} to {signed(bounds[1])}" if bounds else "no interval",
        "seeds": [f"{signed(gap)} (seed {seed})" for seed, gap in result.differences.items()],
        "errors": " / ".join(number(None if v is None else v**0.5) for v in errors),
        "p": probability(result.p_holm),
        "outcome": wording(profile, result.verdict),
        "reading": "" if is_meaningless(profile) else reading(result),
        "kind": "meaningless" if is_meaningless(profile) else KINDS[result.verdict],
        "strip": _strip(result, bounds, reach),
    }


def reading(result: ClaimResult) -> str:
    """The outcome in one line, with what it rests on."""
    found = result.estimate
    if found is None:
        return "No seed of both runs has finished."
    if found.low is None:
        return "One seed, and nothing to tell luck by: not judged."
    if found.seed_variance is None:
        return "The interval is one over videos. How seeds differ is unknown, as no run has two."
    line = {
        REPRODUCED: _reading_reproduced,
        NOT_REPRODUCED: _reading_not_reproduced,
        INCONCLUSIVE: _reading_inconclusive,
    }[result.verdict.word](result)
    if found.video_variance is None:
        line += " Luck with the videos is not counted: the records hold no bootstrap draws."
    return line


def _reading_reproduced(result: ClaimResult) -> str:
    line = f"{'Above' if result.claim.published_gain > 0 else 'Below'} zero"
    if result.tested < 2:
        return f"{line}."
    all_claims = f"with all {result.tested} claims of the table tested at once"
    return (
        f"{line}, also {all_claims}."
        if stands_after(result.p_holm)
        else (f"{line}, but not {all_claims}.")
    )


def _reading_not_reproduced(result: ClaimResult) -> str:
    published = result.claim.published_gain
    best = signed(result.estimate.high if published > 0 else result.estimate.low)
    line = f"{best} at best, less than half of the published {signed(published)}"
    if result.verdict.tag == OPPOSITE:
        return f"{line}: the other side of zero."
    if result.verdict.tag == SMALLER:
        return f"{line}, yet {'above' if published > 0 else 'below'} zero."
    return f"{line}; zero is possible."


def _reading_inconclusive(result: ClaimResult) -> str:
    line = "Nothing, and more than half of the published gain, are both possible; "
    needed, have = result.seeds_needed, len(result.differences)
    if needed is None:
        return f"{line}no number of seeds would settle it on {result.videos} videos."
    if needed <= have:
        return f"{line}a gain as published would have shown 4 times in 5."
    at_least = "at least " if result.estimate.video_variance is None else ""
    return f"{line}{at_least}{needed} seeds are needed to see a gain as published, {have} ran."


def strip_reach(results: list[ClaimResult]) -> float:
    """Half-width of the interval strips, common to all claims of a page."""
    values = [0.5]
    for result in results:
        values.append(abs(result.claim.published_gain))
        values += [abs(gap) for gap in result.differences.values()]
        if result.estimate and result.estimate.low is not None:
            values += [abs(result.estimate.low), abs(result.estimate.high)]
    return max(values)


def _strip(result: ClaimResult, bounds: tuple | None, reach: float) -> dict[str, Any]:
    """Positions in percent of a strip from -reach to +reach."""

    def place(value: float) -> float:
        return round(50 + 48 * value / reach, 2)

    return {
        "published": place(result.claim.published_gain),
        "mean": place(result.estimate.mean) if result.estimate else None,
        "bounds": [place(bound) for bound in bounds] if bounds else None,
        "seeds": [place(gap) for gap in result.differences.values()],
    }


def _section(section: str) -> str:
    return f"§{section}" if section else ""
