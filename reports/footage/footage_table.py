"""The table of a profile's videos beside recorded footage, as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from experiments.declared.footage import Footage, load_footage
from experiments.stages.layout import Layout
from reports.footage.own_footage import own_footage
from reports.numbers import NOTHING, number
from reports.records.run_record import Record
from tpr.footage.statistics import Statistics

QUARTILES = {
    "displacement_sizes": "displacement, in sizes of the object",
    "displacement_own_level": "displacement, in cells of its own level",
    "displacement_p3": "displacement, in cells of P3",
    "scale_change": "change of scale, in octaves",
    "centred_iou": "IoU of its masks, centred",
    "size": "size, in pixels",
}
MEANS = {
    "box_overlap": "mean overlap of boxes (mBOR)",
    "objects": "mean number of objects a video",
    "presence": "mean share of frames that show it",
}


@dataclass(frozen=True)
class FootageTable:
    """columns: whose footage; rows: a measure and its cells; notes: sources of the columns."""

    columns: list[str]
    rows: list[tuple[str, list[str]]]
    notes: list[str]


def load_footage_table(layout: Layout, records: Iterable[Record]) -> FootageTable | None:
    """The table; None where no statistics of the records' videos are known."""
    own = own_footage(layout, records)
    return None if own is None else table_of(layout.profile, own, load_footage(layout.manifests))


def table_of(profile: str, own: Statistics, known: Sequence[Footage]) -> FootageTable:
    measures = own["measures"]
    rows = [
        (
            label,
            [joined(measures[name]["quartiles"]), *(joined(k.quartiles.get(name)) for k in known)],
        )
        for name, label in QUARTILES.items()
    ]
    rows += [
        (label, [rounded(measures[name]["mean"]), *(rounded(k.means.get(name)) for k in known)])
        for name, label in MEANS.items()
    ]
    notes = [f"{k.name}: {k.source}{f' ({k.how})' if k.how else ''}." for k in known]
    return FootageTable([profile, *(k.name for k in known)], rows, notes)


def joined(values: Sequence[float] | None) -> str:
    """Quartiles and the 90th percentile: '0.12 0.22 0.39 0.68'."""
    return " ".join(map(rounded, values)) if values else NOTHING


def rounded(value: float | None) -> str:
    """Two significant digits, or whole numbers."""
    digits = 0 if value is None or value >= 9.95 else 1 if value >= 0.995 else 2
    return number(value, digits)
