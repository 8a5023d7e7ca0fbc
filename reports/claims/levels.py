"""Statements that a run reaches a level of AP, each as a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.declared.tables import Level
from reports.claims.pairs import common_draws
from reports.numbers import number
from reports.records.run_record import Record, by_run
from reports.statistics.gain import Estimate, estimate


def level_sentence(level: Level, records: Sequence[Record]) -> str:
    """What was measured beside what was declared, and what follows."""
    said = f"{level.name}: AP of {level.run} at least {number(level.at_least)}"
    own = list(by_run(records).get(level.run, {}).values())
    if not own:
        return f"{said}: not run."
    values = [one.metric("AP") for one in own]
    measured = estimate(values, common_draws(own, "AP"), own[0].videos)
    bounds = measured.bounds
    ends = f" ({' to '.join(map(number, bounds))})" if bounds else ""
    seeds = f"{len(own)} seed{'s' if len(own) > 1 else ''}"
    word = _word(measured, level)
    return f"{said}: {number(measured.mean)}{ends}, {own[0].videos} videos, {seeds}: {word}."


def _word(measured: Estimate, level: Level) -> str:
    if measured.bounds is None or measured.seed_variance is None:
        return "not resolved"  # one seed says nothing of others
    low, high = measured.bounds
    if low >= level.at_least:
        return "holds"
    return "does not hold" if high < level.at_least else "not resolved"
