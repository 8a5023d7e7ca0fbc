"""AP by category and by size of objects, by run: as evaluations record them, means over seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reports.numbers import number
from reports.records.run_record import NAN, Record, by_run

# of YouTube-VIS: mean area of a track up to 128^2 pixels, up to 256^2, above
SIZES = {"APs": "small", "APm": "medium", "APl": "large"}


@dataclass(frozen=True)
class CategoryRow:
    run: str
    cells: list[str]  # sizes, then categories


@dataclass(frozen=True)
class CategoryTable:
    sizes: list[str]
    categories: list[str]
    rows: list[CategoryRow]


def category_table(records: Sequence[Record]) -> CategoryTable | None:
    """None where no record knows its categories."""
    names = list(dict.fromkeys(name for record in records for name in _by_category(record)))
    if not names:
        return None
    sizes = [size for size in SIZES if any(np.isfinite(r.metric(size)) for r in records)]
    rows = [
        CategoryRow(run, [number(value) for value in _values([*seeds.values()], sizes, names)])
        for run, seeds in by_run(records).items()
    ]
    return CategoryTable([SIZES[size] for size in sizes], names, rows)


def _by_category(record: Record) -> dict[str, float | None]:
    return record.metrics.get("per_category") or {}


def _values(seeds: list[Record], sizes: list[str], names: list[str]) -> list[float]:
    by_size = [_mean(one.metric(size) for one in seeds) for size in sizes]
    return by_size + [_mean(_by_category(one).get(name) for one in seeds) for name in names]


def _mean(values: Iterable[float | None]) -> float:
    """Of the values that are defined; NaN without any."""
    defined = [value for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(defined)) if defined else NAN
