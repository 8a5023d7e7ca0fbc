"""The section on gain against dose: its table in cells, and two sentences."""

from dataclasses import dataclass

from reports.doses.gain_curves import Curve, Curves
from reports.numbers import NOTHING, signed
from reports.statistics.gain import Estimate

NOT_RUN = "not run"


@dataclass(frozen=True)
class DoseRow:
    """gains: of the doses, with their intervals; slope, bounds: a step from dose to dose."""

    factor: str
    run: str
    trained: str
    doses: str
    gains: str
    slope: str
    bounds: str


@dataclass(frozen=True)
class DoseSection:
    """Without rows where no record is known."""

    baseline: str
    rows: list[DoseRow]
    sentence: str


def dose_section(curves: Curves) -> DoseSection:
    known = curves.known
    rows = [_row(one) for one in curves.curves] if known else []
    return DoseSection(curves.baseline, rows, slope_sentence(known))


def _row(one: Curve) -> DoseRow:
    return DoseRow(
        factor=one.factor,
        run=one.run,
        trained="at the dose" if one.trained else "as it is",
        doses=", ".join(f"{dose:g}" for dose in one.doses),
        gains=", ".join(signed(g.mean) if g else NOT_RUN for g in one.gains),
        slope=signed(one.slope.mean, 2) if one.slope else NOT_RUN,
        bounds=bounds(one.slope),
    )


def bounds(one: Estimate | None) -> str:
    ends = one.bounds if one else None
    return f"{signed(ends[0], 2)} to {signed(ends[1], 2)}" if ends else NOTHING


def slope_sentence(known: list[Curve]) -> str:
    """How many slopes are told from zero, and which is steepest."""
    slopes = [(one, one.slope) for one in known if one.slope]
    if not slopes:
        return ""
    ends = [slope.bounds for _, slope in slopes]
    rising = sum(one is not None and one[0] > 0 for one in ends)
    falling = sum(one is not None and one[1] < 0 for one in ends)
    curve, steepest = max(slopes, key=lambda pair: abs(pair[1].mean))
    return (
        f"Of {len(slopes)} slopes {rising} rise and {falling} fall by intervals that leave out "
        f"zero; the steepest is that of {curve.run} over {curve.factor}, "
        f"{signed(steepest.mean, 2)} points a step."
    )


def change_sentence(known: list[Curve]) -> str:
    """The largest difference between a run's gains at the least and the greatest dose."""
    ends = [(one, one.gains[0], one.gains[-1]) for one in known]
    whole = [(one, least, most) for one, least, most in ends if least and most]
    if not whole:
        return "No run has gains at both ends of a factor."
    one, least, most = max(whole, key=lambda found: abs(found[2].mean - found[1].mean))
    return (
        f"The gain changes most over {one.factor}: that of {one.run} is {signed(least.mean)} at "
        f"{one.doses[0]:g} and {signed(most.mean)} at {one.doses[-1]:g}."
    )
