"""AP by difficulty as people read it: two tables of text, of videos and of single frames."""
# pyright: reportMissingTypeStubs=false

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from reports.difficulty.ap_by_part import FRAMES, Part
from reports.frame_rows import frame_rows, is_missing
from reports.numbers import number, signed

TITLES = {
    "overlap": "overlap of objects",
    "scale_change": "change of scale",
    "degradation": "degradation",
    FRAMES: "single frames",
}


@dataclass(frozen=True)
class PartColumn:
    """Heading of a column: the grouping's title, the part's name, its amounts and size."""

    of: str
    name: str
    extent: str


@dataclass(frozen=True)
class PartCell:
    AP: str
    gain: str  # empty where there is none


@dataclass(frozen=True)
class PartRow:
    run: str
    cells: list[PartCell]


@dataclass(frozen=True)
class PartTable:
    """A row for each run, a column for each part; `spans` are groupings with their columns."""

    name: str
    spans: list[tuple[str, int]]
    columns: list[PartColumn]
    rows: list[PartRow]


def difficulty_tables(found: Sequence[Part], frame: pd.DataFrame) -> list[PartTable]:
    """Tables of the parts in `frame`, see `difficulty_frame`; none without parts."""
    tables = [
        ("Videos", [part for part in found if part.grouping != FRAMES]),
        ("Frames", [part for part in found if part.grouping == FRAMES]),
    ]
    return [_table(name, parts, frame) for name, parts in tables if parts]


def _table(name: str, parts: list[Part], frame: pd.DataFrame) -> PartTable:
    groupings = list(dict.fromkeys(part.grouping for part in parts))
    return PartTable(
        name,
        [(title(one), sum(part.grouping == one for part in parts)) for one in groupings],
        [PartColumn(title(part.grouping), words(part.name), extent(part)) for part in parts],
        _rows(parts, frame),
    )


def _rows(parts: list[Part], frame: pd.DataFrame) -> list[PartRow]:
    cells: dict[str, dict[tuple[str, str], PartCell]] = {}
    for row in frame_rows(frame):
        gain = "" if is_missing(row["gain"]) else signed(row["gain"])
        by_part = cells.setdefault(row["run"], {})
        by_part[row["grouping"], row["name"]] = PartCell(number(row["AP"]), gain)
    return [
        PartRow(run, [by_part[part.grouping, part.name] for part in parts])
        for run, by_part in cells.items()
    ]


def title(grouping: str) -> str:
    return TITLES.get(grouping, words(grouping))


def words(name: str) -> str:
    return name.replace("_", " ")


def extent(part: Part) -> str:
    """Which amounts a part holds, and how many videos or frames."""
    held = amounts(part)
    return f"{held} ({part.size})" if held else str(part.size)


def amounts(part: Part) -> str:
    """Overlap in percent of the smaller object, scale as a factor, severity as it is; empty for a
    part that has a name only."""
    if part.low is None or part.high is None:
        return ""
    if part.grouping == "overlap":
        low, high, unit = f"{100 * part.low:.0f}", f"{100 * part.high:.0f}", " %"
    else:
        digits = 2 if part.grouping == "degradation" else 1
        low, high, unit = number(part.low, digits), number(part.high, digits), ""
    factor = "×" if part.grouping == "scale_change" else ""
    return factor + (low if low == high else f"{low}–{high}") + unit
