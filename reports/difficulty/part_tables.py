"""What the page says of AP by difficulty: two tables, of videos and of single frames."""

from typing import Any

import numpy as np
import pandas as pd

from reports.difficulty.ap_by_part import FRAMES, Aps, Part, difficulty_frame
from reports.numbers import number, signed

TITLES = {
    "overlap": "overlap of objects",
    "scale_change": "change of scale",
    "degradation": "degradation",
    FRAMES: "single frames",
}


def difficulty_tables(found: dict[Part, Aps]) -> list[dict[str, Any]]:
    """Tables of text: a row a run, a column a part; none without parts."""
    frame = difficulty_frame(found)
    tables = [
        ("Videos", [part for part in found if part.grouping != FRAMES]),
        ("Frames", [part for part in found if part.grouping == FRAMES]),
    ]
    return [_table(name, parts, frame) for name, parts in tables if parts]


def _table(name: str, parts: list[Part], frame: pd.DataFrame) -> dict[str, Any]:
    groupings = list(dict.fromkeys(part.grouping for part in parts))
    spans = [(title(one), sum(part.grouping == one for part in parts)) for one in groupings]
    return {
        "name": name,
        "spans": spans,
        "columns": [
            {"of": title(part.grouping), "name": words(part.name), "extent": extent(part)}
            for part in parts
        ],
        "rows": [_row(run, parts, frame) for run in dict.fromkeys(frame["run"])],
    }


def _row(run: str, parts: list[Part], frame: pd.DataFrame) -> dict[str, Any]:
    own = frame[frame["run"] == run].set_index(["grouping", "name"])
    cells = []
    for part in parts:
        one = own.loc[(part.grouping, part.name)]
        gain = "" if np.isnan(one["gain"]) else signed(one["gain"])
        cells.append({"AP": number(one["AP"]), "gain": gain})
    return {"run": run, "cells": cells}


def title(grouping: str) -> str:
    return TITLES.get(grouping, words(grouping))


def words(name: str) -> str:
    return name.replace("_", " ")


def extent(part: Part) -> str:
    """Which amounts a part holds, and how many videos or frames."""
    if part.low is None:
        return str(part.size)
    return f"{amounts(part)} ({part.size})"


def amounts(part: Part) -> str:
    """Overlap in percent of the smaller object, scale as a factor, severity as it is."""
    if part.grouping == "overlap":
        low, high, unit = f"{100 * part.low:.0f}", f"{100 * part.high:.0f}", " %"
    else:
        digits = 2 if part.grouping == "degradation" else 1
        low, high, unit = number(part.low, digits), number(part.high, digits), ""
    factor = "×" if part.grouping == "scale_change" else ""
    return factor + (low if low == high else f"{low}–{high}") + unit
