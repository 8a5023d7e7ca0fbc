"""The section's first sentences: TPR's gain at the lowest and highest dose of each factor."""

from collections.abc import Sequence

from reports.doses.gain_curves import Curve, Curves
from reports.doses.words import factor_words
from reports.statistics.gain import Estimate
from reports.statistics.intervals import leaning, with_interval

NOT_RUN = "not run"


def opening(curves: Curves) -> str:
    """With which factors TPR's gain rises or falls."""
    own = curves_of_tpr(curves)
    sides: dict[str, list[str]] = {"rises": [], "falls": [], "open": [], NOT_RUN: []}
    for one in own:
        sides[_side(one.slope)].append(factor_words(one.factor, trained=one.trained))
    parts = [f"{side} with {_listed(sides[side])}" for side in ("rises", "falls") if sides[side]]
    if sides["open"]:
        parts.append(f"shows no clear slope over {_listed(sides['open'])}")
    if sides[NOT_RUN]:
        parts.append(f"{NOT_RUN} at every dose: {_listed(sides[NOT_RUN])}")
    return f"The gain of {curves.tpr} over {curves.baseline} {'; '.join(parts)}." if parts else ""


def curves_of_tpr(curves: Curves) -> list[Curve]:
    return [one for one in curves.curves if one.run == curves.tpr]


def _side(slope: Estimate | None) -> str:
    return NOT_RUN if slope is None else {1: "rises", -1: "falls", 0: "open"}[leaning(slope)]


def _listed(names: Sequence[str]) -> str:
    """As "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def factor_line(one: Curve) -> str:
    """As "speed: +0.3 (−0.4 to +1.0) at 0.25, +1.9 (+0.9 to +2.8) at 2, slope +0.5 (…) a step"."""
    name = factor_words(one.factor, trained=one.trained)
    if not one.is_known:
        return f"{name}: {NOT_RUN}."
    ends = [
        f"{with_interval(gain) if gain else NOT_RUN} at {dose:g}"
        for gain, dose in ((one.gains[0], one.doses[0]), (one.gains[-1], one.doses[-1]))
    ]
    slope = f"{with_interval(one.slope, 2)} a step" if one.slope else f"{NOT_RUN} at every dose"
    return f"{name}: {', '.join(ends)}; slope {slope}."


def seeds_sentence(curves: Curves) -> str:
    """How many seeds the gains of TPR are means over, and what an interval over one says."""
    counts = [n for one in curves_of_tpr(curves) for n in one.seeds if n]
    if not counts:
        return ""
    low, high = min(counts), max(counts)
    if high == 1:
        return "One seed: intervals are over videos alone."
    span = f"{low} to {high}" if low != high else str(high)
    return f"Means over {span} seeds." + (
        " Over one seed an interval is over videos alone." if low == 1 else ""
    )
