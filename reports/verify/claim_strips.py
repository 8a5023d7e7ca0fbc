"""The strips that draw a claim's gains and interval: their places recomputed."""

from collections.abc import Iterable

from reports.verify.check import NO_SOURCE, Finding
from reports.verify.derived.claim_tables import reach
from reports.verify.derived.claims import Judged
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts
from reports.verify.printed.document import Document, Drawing
from reports.verify.words import NUMBER, gain

FRAME = [
    ("line", "axis", {"x1": "0", "x2": "200", "y1": "12", "y2": "12"}),
    ("line", "zero", {"x1": "100", "x2": "100", "y1": "2", "y2": "22"}),
]


def check_strips(file: str, facts: Facts, page: Document) -> Iterable[Finding]:
    rows = [one for one in judged(facts) if one.gain]
    drawn = [one for one in page.drawings if one.section.startswith("Claims")]
    for one in page.drawings:
        if one not in drawn and (one.shapes or NUMBER.search(one.label)):
            yield Finding(file, f"{one.section}, drawing", one.label, NO_SOURCE)
    if len(drawn) != len(rows):
        yield Finding(file, "Claims, strips", str(len(drawn)), str(len(rows)))
    most = reach(judged(facts))
    for one, drawing in zip(rows, drawn, strict=False):
        yield from _check_strip(file, one, drawing, most)


def _check_strip(file: str, one: Judged, drawing: Drawing, most: float) -> Iterable[Finding]:
    assert one.gain is not None
    place = f"Claims, strip of {one.claim['name']!r}"
    bounds = one.gain.bounds
    ends = " to ".join(gain(bound, 2) for bound in bounds) if bounds else "no interval"
    published = one.claim.get("expects") or gain(one.published)
    label = f"Published gain {published}, measured {gain(one.gain.mean, 2)}, interval {ends}"
    if drawing.label != label:
        yield Finding(file, place, drawing.label, label)
    wanted = [*FRAME]
    if bounds:
        low, high = (_x(bound, most) for bound in bounds)
        wanted.append(("line", "bounds", {"x1": low, "x2": high, "y1": "12", "y2": "12"}))
    for value in one.gains.values():
        wanted.append(("circle", "seed", {"cx": _x(value, most), "cy": "12", "r": "3"}))
    middle = _x(one.gain.mean, most)
    wanted.append(("line", "mean", {"x1": middle, "x2": middle, "y1": "5", "y2": "19"}))
    if one.published:
        diamond = f"M{_x(one.published, most)} 7.5l4.5 4.5l-4.5 4.5l-4.5-4.5z"
        wanted.append(("path", "published", {"d": diamond}))
    for shape, other in zip(drawing.shapes, wanted, strict=False):
        if shape != other:
            yield Finding(file, place, str(shape), str(other))
    if len(drawing.shapes) != len(wanted):
        yield Finding(file, place, f"{len(drawing.shapes)} shapes", str(len(wanted)))


def _x(value: float, most: float) -> str:
    """On a strip 200 wide with 0 in the middle, whose ends are a little beyond -most and most."""
    return str(round(50 + 48 * value / most, 2) * 2)
