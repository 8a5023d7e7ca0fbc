"""Gains in all cells of a profile's grid, what a plane through the smaller ones says of those that
are held out, and how far off it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from experiments.declared.scale import Cell, ScaleGrid, load_scales
from experiments.stages.layout import Layout
from reports.claims.weighted_gain import weighted_gain
from reports.records.declared_grid import declared_grid
from reports.scale.scale_records import ScaleRecord, load_scale_records
from reports.statistics.confidence import Array
from reports.statistics.gain import Estimate


@dataclass(frozen=True)
class Predicted:
    """bounds: the interval over seeds and videos; None where nothing is known of the error."""

    mean: float
    bounds: tuple[float, float] | None


Prediction = dict[tuple[str, Cell], Predicted]  # by run and held-out cell


@dataclass(frozen=True)
class Scales:
    """records: usable ones of declared runs and seeds; prediction: as written, {} without one."""

    grid: ScaleGrid
    records: list[ScaleRecord]
    prediction: Prediction = field(default_factory=Prediction)

    @property
    def runs(self) -> list[str]:
        """Those that have a gain."""
        return [run for run in self.grid.runs if run != self.grid.baseline]

    @property
    def fitted(self) -> list[Cell]:
        return self.grid.cells(held_out=False)

    @property
    def held_out(self) -> list[Cell]:
        return self.grid.cells(held_out=True)

    def complete(self, cells: Sequence[Cell]) -> bool:
        """Whether every declared run and seed has a record in these cells."""
        there = {(one.cell, one.run, one.seed) for one in self.records}
        grid = self.grid
        return all(
            (c, run, seed) in there for c in cells for run in grid.runs for seed in grid.seeds
        )

    def gain(self, run: str, cell: Cell) -> Estimate | None:
        return self._sum(run, [cell], np.ones(1))

    def predicted(self, run: str, cell: Cell) -> Estimate | None:
        """By the plane through the cells that are not held out."""
        return self._sum(run, self.fitted, plane_weights(self.fitted, cell))

    def error(self, run: str, cell: Cell) -> Estimate | None:
        """The gain in a held-out cell less the predicted one."""
        weights = np.append(-plane_weights(self.fitted, cell), 1.0)
        return self._sum(run, [*self.fitted, cell], weights)

    def beyond(self, run: str, cell: Cell) -> Estimate | None:
        """By the plane through all cells."""
        cells = [*self.fitted, *self.held_out]
        return self._sum(run, cells, plane_weights(cells, cell))

    def _sum(self, run: str, cells: Sequence[Cell], weights: Array) -> Estimate | None:
        at = [[one for one in self.records if one.cell == cell] for cell in cells]
        return weighted_gain(at, weights, run, self.grid.baseline)


def plane_weights(cells: Sequence[Cell], at: Cell) -> Array:
    """(n,) weights of the gains in n cells whose sum is, at a cell, the plane by least squares over
    the doublings of width and of videos."""
    found: Array = _coordinates([at])[0] @ np.linalg.pinv(_coordinates(cells))
    return found


def _coordinates(cells: Sequence[Cell]) -> Array:
    """(n, 3)"""
    return np.array([[1.0, np.log2(one.width), np.log2(one.videos)] for one in cells])


def load_scales_of(layout: Layout) -> Scales | None:
    """None for a profile that declares no scales. Raises ValueError for a broken record."""
    grid = declared_grid(layout, load_scales)
    if grid is None:
        return None
    found = load_scale_records(layout)
    kept = [one for one in found if one.run in grid.runs and one.seed in grid.seeds]
    return Scales(grid, kept)
