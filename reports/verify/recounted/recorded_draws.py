"""Bootstrap draws as a record holds them."""

import base64
from collections.abc import Sequence

import numpy as np

from reports.verify.facts import Record
from reports.verify.recounted.matches import Array

UNIT = 1e-4  # of an AP in [0, 1]
UNDEFINED = 2**16 - 1


def recorded_draws(record: Record, metric: str = "AP") -> Array | None:
    """(B,) of a metric in [0, 1], NaN where undefined; None where the record has none."""
    text = record.metrics.get(f"{metric}_draws")
    if text is None:
        return None
    units = np.frombuffer(base64.b64decode(text), "<u2")
    return np.where(units == UNDEFINED, np.nan, units * UNIT)


def common_draws(records: Sequence[Record], metric: str = "AP") -> Array | None:
    """(n, B) draws of n records in percent points, of those that are defined for every record; None
    unless all have equally many."""
    found = [recorded_draws(record, metric) for record in records]
    lengths = {None if one is None else len(one) for one in found}
    if None in lengths or len(lengths) != 1:
        return None
    percent = 100 * np.array(found, float)
    defined = np.isfinite(percent).all(axis=0)
    return percent[:, defined] if defined.sum() > 1 else None
