"""Bootstrap draws as a short text, so that records of two runs can be compared video by video.

Draws of two results for the same videos use the same weights of the videos (``Metrics.bootstrap``):
their difference, draw by draw, is a paired bootstrap.
"""

import base64
import binascii

import numpy as np

UNIT = 1e-4  # of an AP in [0, 1]: 0.01 points, far below any standard error
UNDEFINED = 2**16 - 1


def pack_draws(draws: np.ndarray) -> str:
    """(B,) values in [0, 1], or -1 where undefined, to base64 of little-endian 16-bit integers."""
    units = np.where(draws < 0, UNDEFINED, np.rint(draws / UNIT))
    return base64.b64encode(units.astype("<u2").tobytes()).decode("ascii")


def unpack_draws(text: str) -> np.ndarray:
    """(B,) float64 to within UNIT / 2, NaN where undefined. ValueError for anything else."""
    try:
        units = np.frombuffer(base64.b64decode(text, validate=True), "<u2")
    except (TypeError, ValueError, binascii.Error):
        raise ValueError("bootstrap draws are not base64 of 16-bit integers") from None
    return np.where(units == UNDEFINED, np.nan, units * UNIT)
