"""The chart of changes in AP lost to kinds of errors: its sentence and its description."""

from reports.verify.derived.claims import compared
from reports.verify.derived.difficulty_tables import headline_pairs
from reports.verify.derived.error_kinds import LOSSES, SECTION
from reports.verify.derived.expected import Context, Expected
from reports.verify.derived.gain_statistics import Gain
from reports.verify.facts import Facts
from reports.verify.words import gain


def expect_error_changes(facts: Facts) -> Expected:
    """Of the runs that the page's headlines compare, where records know what AP is lost to."""
    contexts: list[tuple[str, Context]] = []
    lines: list[str] = []
    for better, than in headline_pairs(facts):
        changes = {name: compared(facts, better, than, name) for name in LOSSES}
        found = {name: one for name, one in changes.items() if one}
        if found:
            contexts.append((SECTION[0], {"error_change": _told(better, than, found)}))
            values = ", ".join(f"{LOSSES[name]} {_interval(one)}" for name, one in found.items())
            lines.append(f"{better}: {values}")
    return Expected([], [*contexts, (SECTION[0], {"error_changes": "; ".join(lines)})])


def _interval(one: Gain) -> str:
    ends = f" ({gain(one.bounds[0])} to {gain(one.bounds[1])})" if one.bounds else ""
    return gain(one.mean) + ends


def _told(better: str, than: str, found: dict[str, Gain]) -> str:
    most = max(found, key=lambda name: abs(found[name].mean))
    lean = "less" if found[most].mean < 0 else "more"
    apart = [
        LOSSES[name]
        for name, one in found.items()
        if one.bounds and (one.bounds[0] > 0 or one.bounds[1] < 0)
    ]
    rest = "no kind's interval leaves out zero"
    if apart:
        rest = f"intervals leave out zero for {', '.join(apart)}"
    return (
        f"Against {than}, {better} loses {lean} AP to {LOSSES[most]} above all, by "
        f"{_interval(found[most])}; {rest}."
    )
