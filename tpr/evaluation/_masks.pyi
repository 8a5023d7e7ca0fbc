from collections.abc import Sequence
from typing import Any

import numpy as np

def read(segmentations: Sequence[Sequence[Any]]) -> tuple[bytes, bytes] | None: ...
def overlaps(
    table: np.ndarray,
    edges: np.ndarray,
    first: np.ndarray,
    lengths: np.ndarray,
    pairs: np.ndarray,
    found: np.ndarray,
) -> None: ...
