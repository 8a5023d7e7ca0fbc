"""Gain over the baseline at each dose of a factor, its slope, and what else a grid shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.declared.doses import DoseGrid, load_doses
from experiments.stages.layout import Layout
from reports.claims.pairs import pair_up
from reports.claims.weighted_gain import weighted_gain
from reports.doses.dose_records import DoseRecord, load_dose_records
from reports.doses.loss_changes import LossLine, loss_lines
from reports.records.declared_grid import declared_grid
from reports.records.main_modules import TPR
from reports.statistics.confidence import Array
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class Curve:
    """Of one run and factor, in points of AP; None where there are no records.

    gains, seeds: by dose, and of how many seeds; slope: of the straight line through gains by least
    squares, a step from one dose to the next, over the seeds that have all doses; trained: of runs
    trained at each dose.
    """

    factor: str
    run: str
    trained: bool
    doses: list[float]
    gains: list[Estimate | None]
    slope: Estimate | None
    seeds: list[int]

    @property
    def is_known(self) -> bool:
        return any(self.gains)


@dataclass(frozen=True)
class Curves:
    """All of a profile's grid. losses: of TPR; sources: digests of the records by name; left_out,
    unshipped: how many records are not shown, as DoseRecords has them."""

    baseline: str
    curves: list[Curve]
    losses: list[LossLine]
    sources: dict[str, str]
    left_out: int = 0
    unshipped: int = 0

    @property
    def tpr(self) -> str:
        return self.baseline + TPR

    @property
    def known(self) -> list[Curve]:
        return [one for one in self.curves if one.is_known]


def load_curves(layout: Layout) -> Curves | None:
    """None for a profile that declares no doses. Raises ValueError for a broken record."""
    grid = declared_grid(layout, load_doses)
    if grid is None:
        return None
    found = load_dose_records(layout)
    return Curves(
        grid.baseline,
        [one for trained in (False, True) for one in _curves_of(grid, found.kept, trained=trained)],
        loss_lines(grid, found.kept, grid.baseline + TPR),
        {one.name: one.measured for one in found.kept},
        found.left_out,
        found.unshipped,
    )


def _curves_of(grid: DoseGrid, records: Sequence[DoseRecord], *, trained: bool) -> list[Curve]:
    own = [one for one in records if one.trained_at_dose == trained]
    return [
        _curve(own, factor, run, grid.baseline, doses, trained=trained)
        for factor, doses in grid.factors_of(trained=trained).items()
        for run in grid.runs_of(trained=trained)
        if run != grid.baseline
    ]


def _curve(
    own: list[DoseRecord], factor: str, run: str, than: str, doses: list[float], *, trained: bool
) -> Curve:
    at = [[one for one in own if (one.factor, one.dose) == (factor, dose)] for dose in doses]
    pairs = [pair_up(some, run, than, "AP") for some in at]
    gains, seeds = [one.estimate() for one in pairs], [len(one.differences) for one in pairs]
    return Curve(factor, run, trained, doses, gains, slope_of(at, run, than), seeds)


def slope_of(at: Sequence[Sequence[DoseRecord]], run: str, baseline: str) -> Estimate | None:
    """Of records by dose: a sum of gains with fixed weights."""
    return weighted_gain(at, slope_weights(len(at)), run, baseline)


def slope_weights(count: int) -> Array:
    """(count,) weights of values at 0, 1, ... whose sum is the slope by least squares."""
    steps = np.arange(count) - (count - 1) / 2
    return steps / (steps**2).sum()
