"""The section on gain against dose: its sentences, and its tables in cells."""

from dataclasses import dataclass

from reports.doses.gain_curves import Curve, Curves
from reports.doses.loss_changes import KINDS, LossCell, loss_cell, losses_sentence
from reports.doses.opening import NOT_RUN, curves_of_tpr, factor_line, opening, seeds_sentence
from reports.doses.words import factor_words
from reports.numbers import signed
from reports.statistics.gain import Estimate
from reports.statistics.intervals import interval, with_interval


@dataclass(frozen=True)
class GainCell:
    gain: str
    interval: str


@dataclass(frozen=True)
class GainRow:
    """cells: a gain at each dose, then the slope; seeds: at each dose, once if all are equal."""

    run: str
    cells: list[GainCell]
    seeds: str


@dataclass(frozen=True)
class FactorTable:
    name: str
    doses: list[str]
    rows: list[GainRow]


@dataclass(frozen=True)
class LossRow:
    factor: str
    dose: str
    cells: list[LossCell]


@dataclass(frozen=True)
class DoseSection:
    """Without tables where no record is known. command: what runs it; lines: TPR's gain, factor by
    factor; losses: rows on what AP TPR loses to kinds of errors; unused: of records."""

    command: str
    baseline: str
    tpr: str
    opening: str
    lines: list[str]
    seeds: str
    kinds: list[str]
    losses: list[LossRow]
    losses_sentence: str
    tables: list[FactorTable]
    slopes: str
    unused: list[str]


def dose_section(profile: str, curves: Curves) -> DoseSection:
    known = curves.known
    losses = [one for one in curves.losses if any(one.changes.values())]
    return DoseSection(
        command=f"./run_all.sh doses --profile {profile}",
        baseline=curves.baseline,
        tpr=curves.tpr,
        opening=opening(curves) if known else "",
        lines=[factor_line(one) for one in curves_of_tpr(curves)] if known else [],
        seeds=seeds_sentence(curves),
        kinds=[*KINDS.values()],
        losses=[
            LossRow(
                factor_words(one.factor, trained=one.trained),
                f"{one.dose:g}",
                [loss_cell(one.changes[kind]) for kind in KINDS],
            )
            for one in losses
        ],
        losses_sentence=losses_sentence(losses, curves.tpr, curves.baseline),
        tables=_factor_tables(curves) if known else [],
        slopes=slope_sentence(known),
        unused=_unused(curves),
    )


def _factor_tables(curves: Curves) -> list[FactorTable]:
    """Of factors with any gain. All runs are in each: what is missing is not run."""
    factors = dict.fromkeys((one.factor, one.trained) for one in curves.known)
    found: list[FactorTable] = []
    for factor, trained in factors:
        own = [one for one in curves.curves if (one.factor, one.trained) == (factor, trained)]
        doses = [f"{dose:g}" for dose in own[0].doses]
        name = factor_words(factor, trained=trained)
        found.append(FactorTable(name, doses, [_row(one) for one in own]))
    return found


def _row(one: Curve) -> GainRow:
    seeds = [str(count) for count in one.seeds]
    return GainRow(
        run=one.run,
        cells=[*(_cell(gain) for gain in one.gains), _cell(one.slope, 2)],
        seeds=seeds[0] if len(set(seeds)) == 1 else ", ".join(seeds),
    )


def _cell(one: Estimate | None, digits: int = 1) -> GainCell:
    if one is None:
        return GainCell(NOT_RUN, "")
    return GainCell(signed(one.mean, digits), interval(one, digits))


def _unused(curves: Curves) -> list[str]:
    lines: list[str] = []
    if curves.unshipped:
        lines.append(
            f"Records of doses made here beside those that ship, not shown: {curves.unshipped} "
            "(./run_all.sh ship-records ships them)."
        )
    if curves.left_out:
        lines.append(
            "Records of other videos, settings or weights than the latest, not shown: "
            f"{curves.left_out}."
        )
    return lines


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
        f"Of the {len(slopes)} slopes of all runs {rising} rise and {falling} fall by intervals "
        f"that leave out zero; the steepest is that of {curve.run} over "
        f"{factor_words(curve.factor, trained=curve.trained)}, {with_interval(steepest, 2)} points "
        "a step."
    )
