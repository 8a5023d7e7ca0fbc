"""Gains at each dose, their slopes, and changes in AP lost to kinds of errors."""
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reports.verify.derived.dosed_records import at_of
from reports.verify.derived.error_kinds import LOSSES
from reports.verify.derived.gain_statistics import Array, Gain, estimate
from reports.verify.facts import Json, Record, part
from reports.verify.recounted.recorded_draws import recorded_draws

BySeed = dict[tuple[str, int], Record]  # by run and seed


@dataclass(frozen=True)
class Line:
    """A run's gains by dose of a factor, and their slope; None where there are no records."""

    factor: str
    run: str
    trained: bool
    doses: list[float]
    gains: list[Gain | None]
    slope: Gain | None

    @property
    def is_known(self) -> bool:
        return any(self.gains)


@dataclass(frozen=True)
class Losses:
    """At one dose: how much more AP a run loses than the baseline, by kind of error."""

    factor: str
    dose: float
    trained: bool
    changes: dict[str, Gain | None]


def gain_lines(grid: Json, records: list[Record]) -> list[Line]:
    return [
        _line(records, factor, run, str(grid["baseline"]), doses, trained)
        for trained, runs, factors in _parts(grid)
        for factor, doses in factors.items()
        for run in runs
        if run != grid["baseline"]
    ]


def losses_of(grid: Json, records: list[Record], run: str) -> list[Losses]:
    """Of the doses at which anything is known."""
    found = [
        Losses(factor, dose, trained, _changes(records, (factor, dose, trained), run, grid))
        for trained, runs, factors in _parts(grid)
        for factor, doses in factors.items()
        for dose in doses
        if run in runs
    ]
    return [one for one in found if any(one.changes.values())]


def _parts(grid: Json) -> list[tuple[bool, list[str], dict[str, list[float]]]]:
    """(trained at the dose, runs, factors)."""
    parts = [(False, grid), (True, part(grid, "trained"))]
    return [
        (
            trained,
            one.get("runs", []),
            {f: [*map(float, d)] for f, d in part(one, "factors").items()},
        )
        for trained, one in parts
    ]


def _changes(
    records: list[Record], at: tuple[str, float, bool], run: str, grid: Json
) -> dict[str, Gain | None]:
    some = _by_seed(records, at)
    return {kind: _fitted([some], run, str(grid["baseline"]), kind) for kind in LOSSES}


def _by_seed(records: list[Record], at: tuple[str, float, bool]) -> BySeed:
    return {(one.run, one.seed): one for one in records if at_of(one) == at}


def _line(
    records: list[Record], factor: str, run: str, base: str, doses: list[float], trained: bool
) -> Line:
    by_dose = [_by_seed(records, (factor, dose, trained)) for dose in doses]
    gains = [_fitted([some], run, base) for some in by_dose]
    return Line(factor, run, trained, doses, gains, _fitted(by_dose, run, base))


def _fitted(by_dose: Sequence[BySeed], run: str, base: str, metric: str = "AP") -> Gain | None:
    """Of one dose the gain; of more the slope of a straight line over their ranks."""
    seeds = [s for name, s in sorted(by_dose[0]) if name == run and (base, s) in by_dose[0]]
    pairs = [
        [[some[name, seed] for some in by_dose] for name in (run, base)]
        for seed in seeds
        if all((name, seed) in some for some in by_dose for name in (run, base))
    ]
    if len(by_dose) == 1:
        pairs = [pair for pair in pairs if all(np.isfinite(s[0].value(metric)) for s in pair)]
    values = np.array([[[one.value(metric) for one in side] for side in pair] for pair in pairs])
    if not pairs or not np.isfinite(values).all():
        return None
    gains = _fit((values[:, 0] - values[:, 1])[..., None])[:, 0]
    videos = int(pairs[0][0][0].metrics.get("videos") or 0)
    return estimate(gains.tolist(), _fitted_draws(pairs, metric), videos)


def _fitted_draws(pairs: list[list[list[Record]]], metric: str) -> Array | None:
    """(n, B) of records by seed, side and dose."""
    draws = [[[recorded_draws(one, metric) for one in side] for side in pair] for pair in pairs]
    lengths = {None if one is None else len(one) for pair in draws for s in pair for one in s}
    if len(lengths) != 1 or None in lengths:
        return None
    drawn = 100 * np.array(draws, float)
    drawn = drawn[..., np.isfinite(drawn).all(axis=(0, 1, 2))]
    return _fit(drawn[:, 0] - drawn[:, 1]) if drawn.shape[-1] > 1 else None


def _fit(gains: Array) -> Array:
    """(n, B) of (n, D, B): the only dose's, or slopes over ranks."""
    seeds, doses, count = gains.shape
    if doses == 1:
        return gains[:, 0]
    columns = gains.transpose(1, 0, 2).reshape(doses, -1)
    fitted: Array = np.asarray(np.polyfit(np.arange(doses), columns, 1))
    return fitted[0].reshape(seeds, count)
