"""Claims as cells of text, and the positions of their interval strips."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.declared.measures import MEASURES
from reports.claims.judging import ClaimResult
from reports.claims.readings import reading
from reports.claims.verdicts import (
    CONTAINS,
    INCONCLUSIVE,
    LARGER,
    MISSING,
    NOT_REPRODUCED,
    OPPOSITE,
    PRESENT,
    REPRODUCED,
    SMALLER,
    Verdict,
    is_meaningless,
    word_of,
    wording,
)
from reports.numbers import number, probability, signed
from reports.statistics.intervals import interval, with_interval

STEPS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)  # of the strips' scale, in points
# classes of the page's style sheet, which gives colours and marks, by finding
KINDS = {
    Verdict(REPRODUCED): "found",
    Verdict(REPRODUCED, CONTAINS): "found",
    Verdict(REPRODUCED, SMALLER): "found",
    Verdict(REPRODUCED, LARGER): "found",
    Verdict(NOT_REPRODUCED, PRESENT): "smaller",
    Verdict(NOT_REPRODUCED): "absent",
    Verdict(NOT_REPRODUCED, OPPOSITE): "opposite",
    Verdict(INCONCLUSIVE): "open",
    Verdict(MISSING): "missing",
}


@dataclass(frozen=True)
class Strip:
    """Positions on the interval strip, in percent of its width; the middle is a gain of 0."""

    published: float | None
    mean: float | None
    bounds: tuple[float, float] | None
    seeds: list[float]


@dataclass(frozen=True)
class ClaimRow:
    """One line of the claim table, as text; id: its anchor; word: the outcome in short."""

    id: str
    name: str
    where: str
    section: str
    sentence: str
    note: str
    control: str  # what the claim comes to over the run that isolates it
    metric: str
    better: str
    than: str
    published: str
    measured: str
    bounds: str
    seeds: list[str]
    errors: str  # standard errors over seeds and over videos
    p: str  # of a gain of zero or less / of half the published one or more, corrected
    outcome: str
    word: str
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
    reach, ids = strip_reach(results), claim_ids(results)
    groups: dict[str, ClaimGroup] = {}
    over = {(one.claim.better, one.claim.than, one.claim.compared): one for one in results}
    for one in results:
        claim = one.claim
        control = over.get((claim.better, claim.control, claim.compared))
        table = one.table
        group = groups.setdefault(table.id, ClaimGroup(table.id, table.paper, []))
        group.rows.append(claim_row(profile, one, reach, control, ids[id(claim)]))
    return list(groups.values())


def claim_ids(results: Sequence[ClaimResult]) -> dict[int, str]:
    """Anchors such as claim-1a-2, by id() of the claim: numbered within its table."""
    ids: dict[int, str] = {}
    for table in dict.fromkeys(one.table.id for one in results):
        own = [one.claim for one in results if one.table.id == table]
        ids |= {id(claim): f"claim-{table}-{number}" for number, claim in enumerate(own, 1)}
    return ids


def claim_row(
    profile: str,
    result: ClaimResult,
    reach: float,
    control: ClaimResult | None = None,
    id: str = "",
) -> ClaimRow:
    """The row of a claim.

    reach: the largest absolute gain that fits on the interval strip; control: the result of the
    claim over the control run, which differs from `better` only in what the claim is about.
    """
    claim, found = result.claim, result.estimate
    section = f"§{claim.section}" if claim.section else ""
    bounds = found.bounds if found else None
    errors = (found.seed_variance, found.video_variance) if found else (None, None)
    p = result.corrected
    meaningless = is_meaningless(profile)
    return ClaimRow(
        id=id,
        name=claim.name,
        where=", ".join(part for part in (result.table.paper, section) if part),
        section=section,
        sentence=claim.sentence,
        note=claim.note,
        control=over_control(profile, control) if control else "",
        metric=MEASURES.get(claim.compared, claim.compared),
        better=claim.better,
        than=claim.than,
        published=claim.expects or signed(claim.published_gain),
        measured=signed(found.mean if found else None, 2),
        bounds=interval(found, 2) or "no interval",
        seeds=[f"{signed(gap, 2)} (seed {seed})" for seed, gap in result.differences.items()],
        errors=" / ".join(number(None if v is None else v**0.5, 2) for v in errors),
        p=" / ".join(map(probability, (p.none, p.half) if p else (None, None))),
        outcome=wording(profile, result.verdict),
        word=word_of(profile, result.verdict),
        reading="" if meaningless else reading(result),
        kind="meaningless" if meaningless else KINDS[result.verdict],
        strip=_strip(result, bounds, reach),
    )


def over_control(profile: str, control: ClaimResult) -> str:
    """As "Over its control blendmask-r50+merge: +0.52 (−0.19 to +1.22), not resolved"."""
    found = control.estimate
    outcome = wording(profile, control.verdict)
    if found is None:
        return f"Over its control {control.claim.than}: {outcome}"
    return f"Over its control {control.claim.than}: {with_interval(found, 2)}, {outcome}"


def strip_reach(results: Sequence[ClaimResult]) -> float:
    """Half-width of the interval strips, common to all claims of a page."""
    values = [0.5]
    for result in results:
        values.append(abs(result.claim.gain))
        values += [abs(gap) for gap in result.differences.values()]
        if result.estimate and result.estimate.bounds:
            values += [abs(bound) for bound in result.estimate.bounds]
    return max(values)


@dataclass(frozen=True)
class Tick:
    """A mark of the strips' common scale: its place in percent of the width, and its gain."""

    place: float
    label: str


def strip_scale(reach: float) -> list[Tick]:
    """At most three marks to each side of zero, at round gains."""
    step = next(one for one in STEPS if reach / one < 4)
    most = int(reach / step)
    values = [step * number for number in range(-most, most + 1)]
    digits = 1 if step < 1 else 0
    return [Tick(_place(value, reach), signed(value, digits) if value else "0") for value in values]


def _place(value: float, reach: float) -> float:
    """On a strip from -reach to +reach, in percent of its width."""
    return round(50 + 48 * value / reach, 2)


def _strip(result: ClaimResult, bounds: tuple[float, float] | None, reach: float) -> Strip:
    def place(value: float) -> float:
        return _place(value, reach)

    return Strip(
        published=place(result.claim.gain) if result.claim.gain else None,
        mean=place(result.estimate.mean) if result.estimate else None,
        bounds=(place(bounds[0]), place(bounds[1])) if bounds else None,
        seeds=[place(gap) for gap in result.differences.values()],
    )
