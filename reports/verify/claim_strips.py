"""The strips that draw a claim's gains and interval: their places recomputed."""

from collections.abc import Iterable

from reports.verify.check import NO_SOURCE, Finding
from reports.verify.derived.claim_plot import Tick, scale, x_of
from reports.verify.derived.claim_tables import reach
from reports.verify.derived.claims import Judged
from reports.verify.derived.outcomes import judged
from reports.verify.facts import Facts
from reports.verify.printed.document import Document, Drawing
from reports.verify.words import NUMBER, gain

Shape = tuple[str, str, dict[str, str]]
# the diamond that strips use
SYMBOLS: list[Shape] = [("path", "", {"d": "M0-4.5L4.5 0L0 4.5L-4.5 0z"})]


def check_strips(file: str, facts: Facts, page: Document) -> Iterable[Finding]:
    rows = [one for one in judged(facts) if one.gain]
    drawn = [one for one in page.drawings if one.section.startswith("Claims")]
    for one in page.drawings:
        if one not in drawn and (one.shapes or NUMBER.search(one.label)):
            yield Finding(file, f"{one.section}, drawing", one.label, NO_SOURCE)
    if not judged(facts):
        return
    if len(drawn) != len(rows) + 2:
        yield Finding(file, "Claims, strips", str(len(drawn)), str(len(rows) + 2))
        return
    most = reach(judged(facts))
    ticks = scale(most)
    marks = [
        shape
        for tick in ticks
        for shape in (
            _upright("tick", tick.place, 13, 18),
            ("text", "", {"x": tick.place, "y": "10"}),
        )
    ]
    yield from _shapes(file, "Claims, symbols", drawn[0], SYMBOLS)
    yield from _shapes(file, "Claims, scale", drawn[1], marks)
    for one, drawing in zip(rows, drawn[2:], strict=True):
        yield from _check_strip(file, one, drawing, most, ticks)


def _upright(kind: str, place: str, top: int, bottom: int) -> Shape:
    return "line", kind, {"x1": place, "x2": place, "y1": str(top), "y2": str(bottom)}


def _check_strip(
    file: str, one: Judged, drawing: Drawing, most: float, ticks: list[Tick]
) -> Iterable[Finding]:
    assert one.gain is not None
    place = f"Claims, strip of {one.claim['name']!r}"
    bounds = one.gain.bounds
    ends = " to ".join(gain(bound, 2) for bound in bounds) if bounds else "no interval"
    published = one.claim.get("expects") or gain(one.published)
    label = f"Published gain {published}, measured {gain(one.gain.mean, 2)}, interval {ends}"
    if drawing.label != label:
        yield Finding(file, place, drawing.label, label)
    wanted = [
        _upright("zero" if tick.label == "0" else "tick", tick.place, 0, 18) for tick in ticks
    ]
    if bounds:
        low, high = (x_of(bound, most) for bound in bounds)
        wanted.append(("line", "bounds", {"x1": low, "x2": high, "y1": "9", "y2": "9"}))
    for value in one.gains.values():
        wanted.append(("circle", "seed", {"cx": x_of(value, most), "cy": "9", "r": "2.5"}))
    wanted.append(_upright("mean", x_of(one.gain.mean, most), 3, 15))
    if one.published:
        where = {"href": "#diamond", "x": x_of(one.published, most), "y": "9"}
        wanted.append(("use", "published", where))
    yield from _shapes(file, place, drawing, wanted)


def _shapes(file: str, place: str, drawing: Drawing, wanted: list[Shape]) -> Iterable[Finding]:
    for shape, other in zip(drawing.shapes, wanted, strict=False):
        if shape != other:
            yield Finding(file, place, str(shape), str(other))
    if len(drawing.shapes) != len(wanted):
        yield Finding(file, place, f"{len(drawing.shapes)} shapes", str(len(wanted)))
