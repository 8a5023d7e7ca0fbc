"""The chart of changes in AP lost to kinds of errors: its sentence and its description."""

from reports.verify.derived.claims import compared
from reports.verify.derived.difficulty_tables import headline_pairs
from reports.verify.derived.error_kinds import LOSSES, SECTION
from reports.verify.derived.expected import Context, Expected
from reports.verify.derived.gain_statistics import Gain
from reports.verify.facts import Facts
from reports.verify.words import gain


def expect_error_changes(facts: Facts) -> Expected:
    """Of the runs that the page's headlines compare, and of the same over merging alone, where
    records know what AP is lost to."""
    contexts: list[tuple[str, Context]] = []
    lines: list[str] = []
    pairs = [(a, c) for a, b in headline_pairs(facts) for c in (b, f"{b}+merge") if a != c]
    for better, than in pairs:
        changes = {name: compared(facts, better, than, name) for name in LOSSES}
        found = {name: one for name, one in changes.items() if one}
        if found:
            contexts.append((SECTION[0], {"error_change": _told(better, than, found)}))
            values = ", ".join(f"{LOSSES[name]} {_interval(one)}" for name, one in found.items())
            lines.append(f"{better} − {than}: {values}")
    return Expected([], [*contexts, (SECTION[0], {"error_changes": "; ".join(lines)})])


def _interval(one: Gain) -> str:
    ends = f" ({gain(one.bounds[0], 2)} to {gain(one.bounds[1], 2)})" if one.bounds else ""
    return gain(one.mean, 2) + ends


def _told(better: str, than: str, found: dict[str, Gain]) -> str:
    order = sorted(found, key=lambda name: abs(found[name].mean), reverse=True)
    clear = [n for n in order if (ends := found[n].bounds) and (ends[0] > 0 or ends[1] < 0)]
    if not clear:
        return (
            f"Against {than}, {better} changes the AP lost to no kind of error by an interval that "
            f"leaves out zero; the largest change is that of {LOSSES[order[0]]}, "
            f"{_interval(found[order[0]])}."
        )
    parts: list[str] = []
    for lean, sign in (("less", -1), ("more", 1)):
        some = [f"{LOSSES[n]} {_interval(found[n])}" for n in clear if found[n].mean * sign > 0]
        parts += [f"{lean} AP to {', '.join(some)}"] if some else []
    if len(clear) < len(found):
        parts.append("for the other kinds zero lies within the interval")
    return f"Against {than}, {better} loses {'; '.join(parts)}."
