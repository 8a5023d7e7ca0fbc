"""Bootstrap draws as a record holds them."""

import base64

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
