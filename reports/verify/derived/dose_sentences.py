"""What the section on doses says in sentences."""

from reports.verify.derived.dosed_gains import Line, Losses
from reports.verify.derived.error_kinds import LOSSES
from reports.verify.derived.gain_statistics import Gain
from reports.verify.words import fixed, gain

WORDS = {"scale": "change of scale", "distance": "distance to the reference frame"}
MAIN = ("+tpr", "+dacr", "+merge")  # runs that the figure shows with intervals
ERRORS_BY_CHANCE = 0.1  # of intervals of 90 %


def name_of(factor: str, trained: bool) -> str:
    return WORDS.get(factor, factor) + (" (trained at it)" if trained else "")


def ends(one: Gain, digits: int = 1) -> str:
    return " to ".join(gain(end, digits) for end in one.bounds) if one.bounds else ""


def told(one: Gain, digits: int = 1) -> str:
    return f"{gain(one.mean, digits)} ({ends(one, digits)})".removesuffix(" ()")


def is_below(one: Gain) -> bool:
    return one.bounds is not None and one.bounds[1] < 0


def is_above(one: Gain) -> bool:
    return one.bounds is not None and one.bounds[0] > 0


def gain_contexts(base: str, lines: list[Line]) -> list[dict[str, str]]:
    """One with all that is said once, and one for each factor."""
    own = [line for line in lines if line.run == f"{base}+tpr"]
    drawn = [line for line in lines if line.is_known]
    shown = [f"{_name(line)}, {line.run}: {_by_dose(line)}" for line in drawn if line in own]
    context = {"dose_baseline": base, "dose_values": "; ".join(shown) or "TPR: not run"}
    context |= {"dose_opening": _opening(base, own)} if own else {}
    context |= {"dose_slopes": _slopes(drawn)}
    main = [line for line in drawn if line.run.removeprefix(base) in MAIN]
    if changed := _most_changed(main):
        context["dose_change"] = changed
    return [context, *({"dose_line": _ends_of(line)} for line in own)]


def _name(line: Line) -> str:
    return name_of(line.factor, line.trained)


def _by_dose(line: Line) -> str:
    return ", ".join(
        f"{told(one)} at {dose:g}" for one, dose in zip(line.gains, line.doses, strict=True) if one
    )


def _opening(base: str, own: list[Line]) -> str:
    sloped = [(line, line.slope) for line in own if line.slope]
    groups = {
        "rises with ": [_name(line) for line, one in sloped if is_above(one)],
        "falls with ": [_name(line) for line, one in sloped if is_below(one)],
        "shows no clear slope over ": [
            _name(line) for line, one in sloped if not is_above(one) and not is_below(one)
        ],
        "not run at every dose: ": [_name(line) for line in own if not line.slope],
    }
    parts = [
        words + " and ".join(", ".join(names).rsplit(", ", 1))
        for words, names in groups.items()
        if names
    ]
    return f"The gain of {base}+tpr over {base} {'; '.join(parts)}."


def _ends_of(line: Line) -> str:
    if not line.is_known:
        return f"{_name(line)}: not run."
    low, high = line.gains[0], line.gains[-1]
    slope = f"{told(line.slope, 2)} a step" if line.slope else "not run at every dose"
    return (
        f"{_name(line)}: {told(low) if low else 'not run'} at {line.doses[0]:g}, "
        f"{told(high) if high else 'not run'} at {line.doses[-1]:g}; slope {slope}."
    )


def _most_changed(lines: list[Line]) -> str:
    spans = [(line, line.gains[0], line.gains[-1]) for line in lines]
    whole = [(line, low, high) for line, low, high in spans if low and high]
    if not whole:
        return ""
    line, low, high = max(whole, key=lambda one: abs(one[2].mean - one[1].mean))
    return (
        f"The gain changes most over {_name(line)}: that of {line.run} is {told(low)} at "
        f"{line.doses[0]:g} and {told(high)} at {line.doses[-1]:g}."
    )


def _slopes(known: list[Line]) -> str:
    slopes = [(line, line.slope) for line in known if line.slope]
    if not slopes:
        return ""
    rising = fixed(sum(is_above(one) for _, one in slopes), 0)
    falling = fixed(sum(is_below(one) for _, one in slopes), 0)
    line, most = max(slopes, key=lambda one: abs(one[1].mean))
    return (
        f"Of the {len(slopes)} slopes of all runs {rising} rise and {falling} fall by intervals "
        f"that leave out zero; the steepest is that of {line.run} over {_name(line)}, "
        f"{told(most, 2)} points a step."
    )


def loss_sentence(base: str, losses: list[Losses]) -> str:
    """Kinds that less or more AP is lost to, those of most doses first."""
    known = [(at, kind, one) for at in losses for kind, one in at.changes.items() if one]
    if not known:
        return ""
    parts: list[str] = []
    for lean, is_apart in (("less", is_below), ("more", is_above)):
        found: dict[str, list[tuple[Losses, Gain]]] = {}
        for at, kind, one in known:
            if is_apart(one):
                found.setdefault(kind, []).append((at, one))
        order = sorted(LOSSES, key=lambda kind: -len(found.get(kind, [])))
        texts = [
            _of_kind(kind, found[kind], sum(name == kind for _, name, _ in known))
            for kind in order
            if kind in found
        ]
        parts += [f"loses {lean} AP to {', '.join(texts)}"] if texts else []
    same = "loses as much AP to every kind of error, as far as intervals tell"
    return (
        f"Against {base}, {base}+tpr {'; '.join(parts) or same}. Intervals stand for themselves: "
        f"of the {len(known)}, some {fixed(ERRORS_BY_CHANCE * len(known), 0)} leave out zero by "
        "chance alone."
    )


def _of_kind(kind: str, found: list[tuple[Losses, Gain]], doses: int) -> str:
    at, most = max(found, key=lambda one: abs(one[1].mean))
    place = f"{WORDS.get(at.factor, at.factor)} {at.dose:g}"
    place += " (trained at it)" if at.trained else ""
    return f"{LOSSES[kind]} at {len(found)} of {doses} doses (most at {place}, {told(most)})"


def unused(left_out: int, not_shipped: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if not_shipped:
        found["dose_not_shipped"] = (
            "Records of doses made here beside those that ship, not shown: "
            f"{not_shipped} (./run_all.sh ship-records ships them)."
        )
    if left_out:
        found["dose_left_out"] = (
            f"Records of other videos, settings or weights than the latest, not shown: {left_out}."
        )
    return found
