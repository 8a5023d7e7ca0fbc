"""AP lost to each kind of error, and HOTA, by run: cells of text, and the table's sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from experiments.declared.measures import LOSSES
from experiments.declared.tables import TRACKING
from reports.difficulty.ap_by_part import image_model
from reports.numbers import number, signed
from reports.records.run_record import Record, by_run, mean_metric, paired_differences

COUNTS = {"identity_switches": "identity switches", "fragmentations": "fragmentations"}


@dataclass(frozen=True)
class ErrorCell:
    value: str
    gain: str  # over the image model, empty where there is none


@dataclass(frozen=True)
class ErrorRow:
    run: str
    cells: list[ErrorCell]


@dataclass(frozen=True)
class ErrorTable:
    """A row for each run whose records hold the losses; no rows where none does."""

    columns: list[str]
    rows: list[ErrorRow]
    sentence: str


def with_losses(records: Sequence[Record]) -> list[Record]:
    """Records that hold AP lost to every kind of error; those of before December 2026 do not."""
    return [one for one in records if all(np.isfinite(one.metric(name)) for name in LOSSES)]


def error_table(records: Sequence[Record]) -> ErrorTable:
    known = with_losses(records)
    runs = by_run(known)
    columns = [words.removeprefix("AP lost to ") for words in LOSSES.values()]
    rows = [ErrorRow(run, _cells(known, run, image_model(run, runs))) for run in runs]
    return ErrorTable([*columns, *COUNTS.values(), *TRACKING], rows, _sentence(runs))


def _cells(records: list[Record], run: str, base: str | None) -> list[ErrorCell]:
    own = [one for one in records if one.run == run]
    cells: list[ErrorCell] = []
    for name in (*LOSSES, *COUNTS, *TRACKING):
        gaps = list(paired_differences(records, run, base, name).values()) if base else []
        digits = 0 if name in COUNTS else 1
        gain = signed(float(np.mean(gaps)), digits) if gaps else ""
        cells.append(ErrorCell(number(mean_metric(own, name), digits), gain))
    return cells


def _sentence(runs: dict[str, dict[int, Record]]) -> str:
    """The kind of error that most runs lose most AP to."""
    if not runs:
        return ""
    lost = {
        run: {name: mean_metric([*seeds.values()], name) for name in LOSSES}
        for run, seeds in runs.items()
    }
    worst = Counter(max(own, key=own.__getitem__) for own in lost.values())
    (name, count), *_ = worst.most_common(1)
    values = sorted(own[name] for own in lost.values())
    return (
        f"{LOSSES[name].replace('AP lost', 'Of all kinds most AP is lost')} in {count} of "
        f"{len(lost)} runs: {number(values[0])} to {number(values[-1])} points, over all runs."
    )
