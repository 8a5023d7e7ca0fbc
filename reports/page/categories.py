"""AP by category and by size of objects, by run: as evaluations record them, means over seeds."""

from typing import Any

import numpy as np

from reports.numbers import number
from reports.records.run_record import Record, by_run

# of YouTube-VIS: mean area of a track up to 128^2 pixels, up to 256^2, above
SIZES = {"APs": "small", "APm": "medium", "APl": "large"}


def category_table(records: list[Record]) -> dict[str, Any]:
    """Columns and rows of text; empty where no record knows its categories."""
    names = dict.fromkeys(name for r in records for name in _own(r))
    if not names:
        return {}
    sizes = [size for size in SIZES if any(np.isfinite(r.metric(size)) for r in records)]
    return {
        "sizes": [SIZES[size] for size in sizes],
        "categories": list(names),
        "rows": [
            {
                "run": run,
                "cells": [number(value) for value in _values(list(own.values()), sizes, names)],
            }
            for run, own in by_run(records).items()
        ],
    }


def _own(record: Record) -> dict[str, float | None]:
    return record.evaluate["metrics"].get("per_category") or {}


def _values(own: list[Record], sizes: list[str], names: dict[str, None]) -> list[float]:
    by_size = [_mean([one.metric(size) for one in own]) for size in sizes]
    return by_size + [_mean([_own(one).get(name) for one in own]) for name in names]


def _mean(values: list[float | None]) -> float:
    defined = [value for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(defined)) if defined else float("nan")
