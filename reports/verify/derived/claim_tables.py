"""The claims as the page and the README print them: expected cells and sentences."""

import math
from collections import Counter
from collections.abc import Iterable

from reports.verify.derived.claims import (
    FOUND,
    OPEN,
    Judged,
    commit,
    measure_of,
    trained_on,
    unlike,
    wording,
)
from reports.verify.derived.expected import Column, Context, Expected, ExpectedTable, column
from reports.verify.derived.gain_statistics import BEYOND, powers
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts
from reports.verify.words import DASH, chance, fixed, gain

SECTION = ("Claims",)
MEASURES = {  # as the page calls them
    "AP_overlap_high": "AP of the third of the videos with most overlap",
    "AP_scale_change_high": "AP of the third of the videos with most change of scale",
    "lost_classification": "AP lost to classification",
    "lost_temporal": "AP lost to association",
    "lost_background": "AP lost to background",
}
DESIGNS = ((5, 300), (20, 300), (5, 1200), (10, 1200), (20, 1200))  # seeds, videos


def expect_claims(facts: Facts) -> Expected:
    rows = judged(facts)
    run = [one for one in rows if one.gain]
    tables = [_claims(facts, rows, SECTION), _claims(facts, run, ("README",))]
    deciding = [one for one in rows if one.verdict[0] == OPEN and not one.first and one.tested]
    deciding = [one for one in deciding if one.published]
    if deciding:
        tables.append(_deciding(deciding))
    contexts: list[tuple[str, Context]] = [("", _counts(facts, rows))]
    contexts += [(SECTION[0], {"claims_of": one.table.paper}) for one in rows]
    contexts += [(SECTION[0], {"declared_note": n}) for n in facts.manifest.get("notes", [])]
    contexts += [(_place(place), _reading(facts, one)) for place, one in enumerate(rows)]
    return Expected(tables, contexts)


def _place(number: int) -> str:
    return f"claim {number:03d}"


def _claims(facts: Facts, rows: list[Judged], sections: tuple[str, ...]) -> ExpectedTable:
    claims = [one.claim for one in rows]
    where = [
        f"{one.table.paper}, §{one.claim['section']}" if one.claim.get("section")
        else one.table.paper
        for one in rows
    ]  # fmt: skip
    names = [claim["name"] for claim in claims]
    # under a heading for each table, or without one where there is but one table of claims
    is_grouped = len({one.table.id for one in rows}) > 1
    sections_of = [one.claim.get("section") for one in rows]
    described = [
        _described(
            one.claim,
            f"§{section}" if is_grouped and section else "" if is_grouped else place,
            _over_control(facts, one),
        )
        for one, section, place in zip(rows, sections_of, where, strict=True)
    ]
    bounds = [_bounds(one) for one in rows]
    seeds = [", ".join(f"{gain(g, 2)} (seed {s})" for s, g in one.gains.items()) for one in rows]
    errors = [
        " / ".join(
            fixed(error, 2)
            for error in ((one.gain.seed_error, one.gain.video_error) if one.gain else (None, None))
        )
        for one in rows
    ]
    p = [
        " / ".join(map(chance, one.corrected[:2] if one.corrected else (None,) * 2)) for one in rows
    ]
    outcomes = [wording(facts.profile, one.verdict) for one in rows]
    places = [_place(number) for number in range(len(rows))]
    return ExpectedTable(
        sections,
        [
            Column(("claim",), [f"{a} ({b})" for a, b in zip(names, where, strict=True)],
                   also=[names, described]),
            column("where", where),
            column(("published gain", "paper"),
                   [_side(one) or gain(one.published) for one in rows]),
            column(("measured gain", "measured"),
                   [gain(one.gain.mean if one.gain else None, 2) for one in rows]),
            Column(("90 % interval",), bounds,
                   also=[[f"{a} {b}".strip() for a, b in zip(bounds, seeds, strict=True)]]),
            column("per seed", seeds),
            column("s.e. over seeds / videos", errors),
            column(("p (Holm) none / half",), p),
            Column(("outcome",), outcomes, places=places),
            Column(("",), [""] * len(rows), places=places),
        ],
    )  # fmt: skip


def _side(one: Judged) -> str:
    """More or less, where no number is published."""
    return one.claim.get("expects", "")


def _bounds(one: Judged) -> str:
    if one.gain is None or one.gain.bounds is None:
        return "no interval"
    return " to ".join(gain(bound, 2) for bound in one.gain.bounds)


def _described(claim: dict[str, str], where: str, control: str) -> str:
    """As the page has it: with the paper's sentence, the pair of runs, its control and a note."""
    parts = [claim["name"], where]
    measure = measure_of(claim)
    metric = "" if measure == "AP" else f", {MEASURES.get(measure, measure)}"
    parts += [claim.get("sentence", ""), f"{claim['better']} over {claim['than']}{metric}"]
    return " ".join(filter(None, [*parts, control, claim.get("note", "")]))


def _over_control(facts: Facts, one: Judged) -> str:
    """What the same run gains over the one that has all but what a claim is about."""
    asked = one.claim["better"], one.claim.get("control"), measure_of(one.claim)
    for other in judged(facts):
        claim = other.claim
        if (claim["better"], claim["than"], measure_of(claim)) == asked:
            outcome = wording(facts.profile, other.verdict)
            if other.gain is None:
                return f"Over its control {claim['than']}: {outcome}"
            bounds = f" ({_bounds(other)})" if other.gain.bounds else ""
            return (
                f"Over its control {claim['than']}: {gain(other.gain.mean, 2)}{bounds}, {outcome}"
            )
    return ""


def _reading(facts: Facts, one: Judged) -> Context:
    """Values of the lines below an outcome."""
    found = {"published": gain(one.published), "tested": str(one.tested)}
    found["claim_note"] = one.claim.get("note", "")
    found["over_control"] = _over_control(facts, one)
    if one.gain and one.gain.bounds:
        found["best"] = gain(one.gain.bounds[one.published > 0], 2)
    if one.corrected and one.alone[0] != OPEN:
        found["p_taken_back"] = chance(one.corrected[0 if one.alone[0] == FOUND else 1])
    if one.first:
        found["first_paper"] = one.first.table.paper
    for name, trait in (("commit_seeds", commit), ("machine_seeds", trained_on)):
        if seeds := unlike(facts, one, trait):
            found[name] = f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"
    return found


def _counts(facts: Facts, rows: list[Judged]) -> Context:
    distinct = [one for one in rows if not one.first]
    outcomes = Counter(wording(facts.profile, one.verdict) for one in distinct)
    run = [one for one in rows if one.gains]
    parts = [
        f"{count} of {len(run)} claims have pairs trained {what}"
        for trait, what in ((commit, "at two commits"), (trained_on, "on two kinds of machine"))
        if (count := sum(bool(unlike(facts, one, trait)) for one in run))
    ]
    return {
        "claims": str(len(rows)),
        "claims_left": str(len(rows) - len(run)),
        "comparisons": str(len(distinct)),
        "outcomes": "; ".join(f"{count} {word}" for word, count in outcomes.most_common()),
        "unlike_pairs": "; ".join(parts),
    }


def reach(rows: Iterable[Judged]) -> float:
    """Half-width of the strips that show intervals: what the largest gain needs."""
    values = [0.5]
    for one in rows:
        values += [one.published, *one.gains.values()]
        values += (one.gain.bounds or ()) if one.gain else ()
    return max(map(abs, values))


def _deciding(rows: list[Judged]) -> ExpectedTable:
    """Chances that other numbers of seeds and videos would decide."""
    names = [f"{one.claim['name']}, {one.table.paper}" for one in rows]
    designs = [
        column(f"{seeds} × {videos}", [_chances(one, seeds, videos) for one in rows])
        for seeds, videos in DESIGNS
    ]
    first = ("claim, and chances with seeds × validation videos", "claim")
    published = column("published gain", [gain(one.published) for one in rows])
    return ExpectedTable(SECTION, [column(first, names), published, *designs])


def _chances(one: Judged, seeds: int, videos: int) -> str:
    found = one.gain
    if found is None or found.seed_error is None or found.video_error is None or not one.videos:
        return DASH
    total = found.seed_error**2 * found.seeds
    interaction = min(max(found.interaction or 0.0, 0.0), total)
    share = one.videos / videos
    over_seeds = math.sqrt((total - interaction + interaction * share) / seeds)
    over_videos = found.video_error * math.sqrt(share)
    size = BEYOND / one.tested
    far = abs(one.published), abs(one.published) / 2
    both = powers(far, over_seeds, over_videos, seeds - 1, size)
    return " / ".join(fixed(value, 2) for value in both)
