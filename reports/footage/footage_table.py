"""The table of a profile's videos beside recorded footage, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from experiments.declared.footage import Footage
from reports.numbers import NOTHING, number
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


def footage_table(
    profile: str, own: Statistics | None, known: Sequence[Footage]
) -> FootageTable | None:
    """None where nothing is known of the profile's own videos."""
    if own is None:
        return None
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
