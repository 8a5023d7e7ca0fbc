"""Claims as people read them: cells of text, places on the interval strip, one line of reading."""

from collections.abc import Sequence
from dataclasses import dataclass

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
from reports.statistics import Estimate

# classes of the page's style sheet, which gives colours and marks, by finding
KINDS = {
    Verdict(REPRODUCED): "found",
    Verdict(NOT_REPRODUCED, SMALLER): "smaller",
    Verdict(NOT_REPRODUCED): "absent",
    Verdict(NOT_REPRODUCED, OPPOSITE): "opposite",
    Verdict(INCONCLUSIVE): "open",
    Verdict(MISSING): "missing",
}


@dataclass(frozen=True)
class Strip:
    """Places on the interval strip, in percent of its width; the middle is a gain of 0."""

    published: float
    mean: float | None
    bounds: tuple[float, float] | None
    seeds: list[float]


@dataclass(frozen=True)
class ClaimRow:
    """One line of the claim table, as text."""

    name: str
    where: str
    section: str
    sentence: str
    metric: str
    better: str
    than: str
    published: str
    measured: str
    bounds: str
    seeds: list[str]
    errors: str  # standard errors over seeds and over videos
    p: str
    outcome: str
    reading: str
    kind: str
    strip: Strip


@dataclass(frozen=True)
class ClaimGroup:
    """The claims of one table of the paper."""

    id: str
    paper: str
    rows: list[ClaimRow]


def claim_groups(profile: str, results: Sequence[ClaimResult]) -> list[ClaimGroup]:
    """The rows of the claim table by table of the paper, in the order of `results`."""
    reach = strip_reach(results)
    groups: dict[str, ClaimGroup] = {}
    for one in results:
        table = one.table
        group = groups.setdefault(table.id, ClaimGroup(table.id, table.paper, []))
        group.rows.append(claim_row(profile, one, reach))
    return list(groups.values())


def claim_row(profile: str, result: ClaimResult, reach: float) -> ClaimRow:
    """`reach` is the largest absolute gain that the interval strip has room for."""
    claim, found = result.claim, result.estimate
    section = f"§{claim.section}" if claim.section else ""
    bounds = found.bounds if found else None
    errors = (found.seed_variance, found.video_variance) if found else (None, None)
    meaningless = is_meaningless(profile)
    return ClaimRow(
        name=claim.name,
        where=", ".join(part for part in (result.table.paper, section) if part),
        section=section,
        sentence=claim.sentence,
        metric=claim.metric,
        better=claim.better,
        than=claim.than,
        published=signed(claim.published_gain),
        measured=signed(found.mean if found else None),
        bounds=f"{signed(bounds[0])} to {signed(bounds[1])}" if bounds else "no interval",
        seeds=[f"{signed(gap)} (seed {seed})" for seed, gap in result.differences.items()],
        errors=" / ".join(number(None if v is None else v**0.5) for v in errors),
        p=probability(result.p_holm),
        outcome=wording(profile, result.verdict),
        reading="" if meaningless else reading(result),
        kind="meaningless" if meaningless else KINDS[result.verdict],
        strip=_strip(result, bounds, reach),
    )


def reading(result: ClaimResult) -> str:
    """The outcome in one line, with what it rests on."""
    found = result.estimate
    if found is None:
        return "No seed of both runs has finished."
    if found.bounds is None:
        return "One seed, and nothing to tell luck by: not judged."
    if found.seed_variance is None:
        return "The interval is one over videos. How seeds differ is unknown, as no run has two."
    if result.verdict.word == REPRODUCED:
        line = _reading_reproduced(result)
    elif result.verdict.word == NOT_REPRODUCED:
        best = found.bounds[1 if result.claim.published_gain > 0 else 0]
        line = _reading_not_reproduced(result, best)
    else:
        line = _reading_inconclusive(result, found)
    if found.video_variance is None:
        line += " Luck with the videos is not counted: the records hold no bootstrap draws."
    return line


def _reading_reproduced(result: ClaimResult) -> str:
    line = f"{'Above' if result.claim.published_gain > 0 else 'Below'} zero"
    if result.tested < 2:
        return f"{line}."
    all_claims = f"with all {result.tested} claims of the table tested at once"
    if stands_after(result.p_holm):
        return f"{line}, also {all_claims}."
    return f"{line}, but not {all_claims}."


def _reading_not_reproduced(result: ClaimResult, best: float) -> str:
    """best: the interval's bound on the published side."""
    published = result.claim.published_gain
    line = f"{signed(best)} at best, less than half of the published {signed(published)}"
    if result.verdict.tag == OPPOSITE:
        return f"{line}: the other side of zero."
    if result.verdict.tag == SMALLER:
        return f"{line}, yet {'above' if published > 0 else 'below'} zero."
    return f"{line}; zero is possible."


def _reading_inconclusive(result: ClaimResult, found: Estimate) -> str:
    line = "Nothing, and more than half of the published gain, are both possible; "
    needed, have = result.seeds_needed, len(result.differences)
    if needed is None:
        return f"{line}no number of seeds would settle it on {result.videos} videos."
    if needed <= have:
        return f"{line}a gain as published would have shown 4 times in 5."
    at_least = "at least " if found.video_variance is None else ""
    return f"{line}{at_least}{needed} seeds are needed to see a gain as published, {have} ran."


def strip_reach(results: Sequence[ClaimResult]) -> float:
    """Half-width of the interval strips, common to all claims of a page."""
    values = [0.5]
    for result in results:
        values.append(abs(result.claim.published_gain))
        values += [abs(gap) for gap in result.differences.values()]
        if result.estimate and result.estimate.bounds:
            values += [abs(bound) for bound in result.estimate.bounds]
    return max(values)


def _strip(result: ClaimResult, bounds: tuple[float, float] | None, reach: float) -> Strip:
    """On a strip from -reach to +reach."""

    def place(value: float) -> float:
        return round(50 + 48 * value / reach, 2)

    return Strip(
        published=place(result.claim.published_gain),
        mean=place(result.estimate.mean) if result.estimate else None,
        bounds=(place(bounds[0]), place(bounds[1])) if bounds else None,
        seeds=[place(gap) for gap in result.differences.values()],
    )
