"""The section on gain against scale: one sentence for each run, of what was predicted, what was
found, and how far that lets anyone extrapolate."""

from dataclasses import dataclass

from reports.numbers import number, signed
from reports.scale.plane import Scales
from reports.statistics.gain import Estimate
from reports.statistics.intervals import with_interval


@dataclass(frozen=True)
class ScaleSection:
    """sentence: "" where no record is known."""

    sentence: str


def scale_section(scales: Scales) -> ScaleSection:
    if not scales.records:
        return ScaleSection("")
    if not scales.prediction:
        begun = any(one.cell in scales.held_out for one in scales.records)
        return ScaleSection(
            "Held-out cells were trained before their gain was predicted: nothing is said of it."
            if begun
            else "Nothing is predicted yet: not all cells have been trained that it follows from."
        )
    parts = [_told(scales, run) for run in scales.runs]
    return ScaleSection(" ".join(part for part in parts if part))


def _told(scales: Scales, run: str) -> str:
    cell = scales.grid.largest
    predicted = scales.prediction.get((run, cell))
    if predicted is None:
        return ""
    place = f"at {cell.width:g} times the width and {cell.videos} videos"
    begin = f"{run} {place}: predicted {with_interval(predicted, 2)}"
    gain, error = scales.gain(run, cell), scales.error(run, cell)
    if gain is None or error is None:
        return f"{begin}; not all of it is trained yet."
    found = f"{begin}, found {signed(gain.mean, 2)}, off by {with_interval(error, 2)}"
    return f"{found}; {_reach(scales, run, gain, error)}."


def _reach(scales: Scales, run: str, gain: Estimate, error: Estimate) -> str:
    """How many doublings beyond the largest cell an error of the largest size that the interval
    allows, growing with the doublings, stays below the gain; and whether `full` is within that."""
    if error.bounds is None:
        return "without an interval of that nothing is extrapolated"
    grid = scales.grid
    tested = grid.largest.doublings(grid.nearest)
    most = max(map(abs, error.bounds))
    doublings = tested * abs(gain.mean) / most if most else 0.0
    away = grid.full.doublings(grid.largest)
    told = (
        f"an error of up to {number(most, 2)} over {number(tested)} doublings is as large as the "
        f"gain after {number(doublings)}, and full is {number(away)} on"
    )
    at_full = scales.beyond(run, grid.full)
    if away > doublings or at_full is None:
        return f"{told}: nothing is said of it"
    give = most * away / tested
    return f"{told}: there {signed(at_full.mean, 2)}, give or take {number(give, 2)}"
