"""Which kinds of errors a run makes less of than the baseline, dose by dose, and its sentence."""

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.declared.doses import DoseGrid
from experiments.declared.measures import LOSSES
from reports.claims.pairs import pair_up
from reports.doses.dose_records import DoseRecord
from reports.doses.words import at_dose
from reports.numbers import number, signed
from reports.statistics.gain import LEVEL, Estimate
from reports.statistics.intervals import interval, leaning, with_interval

KINDS = {name: words.removeprefix("AP lost to ") for name, words in LOSSES.items()}


@dataclass(frozen=True)
class LossLine:
    """At one dose, by kind of error: how much more AP is lost to it than by the baseline, in
    points. None where there are no records, or where these hold no losses."""

    factor: str
    dose: float
    trained: bool
    changes: dict[str, Estimate | None]

    @property
    def place(self) -> str:
        return at_dose(self.factor, self.dose, trained=self.trained)


def loss_lines(grid: DoseGrid, records: Sequence[DoseRecord], run: str) -> list[LossLine]:
    """Of the factors and doses at which the run is declared."""
    return [
        _line(records, factor, dose, run, grid.baseline, trained=trained)
        for trained in (False, True)
        if run in grid.runs_of(trained=trained)
        for factor, doses in grid.factors_of(trained=trained).items()
        for dose in doses
    ]


def _line(
    records: Sequence[DoseRecord], factor: str, dose: float, run: str, than: str, *, trained: bool
) -> LossLine:
    at = [r for r in records if (r.factor, r.dose, r.trained_at_dose) == (factor, dose, trained)]
    changes = {kind: pair_up(at, run, than, kind).estimate() for kind in LOSSES}
    return LossLine(factor, dose, trained, changes)


@dataclass(frozen=True)
class LossCell:
    """is_apart: whether the interval leaves out zero."""

    change: str
    interval: str
    is_apart: bool


def loss_cell(one: Estimate | None) -> LossCell:
    if one is None:
        return LossCell("not run", "", False)
    return LossCell(signed(one.mean), interval(one), leaning(one) != 0)


def losses_sentence(lines: Sequence[LossLine], run: str, than: str) -> str:
    """For each kind at how many doses less, or more, AP is lost to it by intervals that leave out
    zero; "" where no change is known."""
    known = [(line, kind, one) for line in lines for kind, one in line.changes.items() if one]
    if not known:
        return ""
    parts = [
        part for side, word in ((-1, "less"), (1, "more")) if (part := _side(known, side, word))
    ]
    told = "; ".join(parts) or "loses as much AP to every kind of error, as far as intervals tell"
    chance = number((1 - LEVEL) * len(known), 0)
    return (
        f"Against {than}, {run} {told}. Intervals stand for themselves: of the {len(known)}, some "
        f"{chance} leave out zero by chance alone."
    )


def _side(known: list[tuple[LossLine, str, Estimate]], side: int, word: str) -> str:
    """As "loses less AP to masks at 2 of 24 doses (most at speed 2, −0.5 (−0.9 to −0.1))", kinds of
    most doses first."""
    kinds: list[tuple[int, str]] = []
    for kind, words in KINDS.items():
        own = [(line, one) for line, name, one in known if name == kind]
        apart = [(line, one) for line, one in own if leaning(one) == side]
        if apart:
            line, most = max(apart, key=lambda found: abs(found[1].mean))
            where = f"{len(apart)} of {len(own)} doses (most at {line.place}"
            kinds.append((len(apart), f"{words} at {where}, {with_interval(most)})"))
    kinds.sort(key=lambda one: -one[0])
    return f"loses {word} AP to {', '.join(text for _, text in kinds)}" if kinds else ""
