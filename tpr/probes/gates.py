"""How far gates open by place: on moving, still or new objects, on degraded frames, elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from tpr.probes.places import PLACES, STILL_BELOW
from tpr.probes.truth import Cells


class GatesByPlace:
    """Mean value and open share of each kind of gate in each of PLACES, over all levels."""

    def __init__(self) -> None:
        self.sums: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((len(PLACES), 3)))

    def add(self, kind: str, values: np.ndarray, at: Cells, degraded: bool) -> None:
        """values: (P,) of one frame's level."""
        for row, place in enumerate(places(at, degraded)):
            inside = values[place]
            self.sums[kind][row] += len(inside), inside.sum(), np.count_nonzero(inside > 0)

    def summary(self) -> dict[str, dict[str, Any]]:
        """{kind: {place: {"positions", "mean", "open"}}}, None where there is no position."""
        return {
            kind: {place: shares(row) for place, row in zip(PLACES, sums, strict=True)}
            for kind, sums in self.sums.items()
        }


def places(at: Cells, degraded: bool) -> list[np.ndarray]:
    """(P,) bool for each of PLACES; objects of degraded frames are in two of them."""
    seen = at.object & ~at.hidden
    moving = at.speed >= STILL_BELOW
    frame = at.object & degraded
    return [seen & moving, seen & ~moving, at.object & at.hidden, frame, at.background]


def shares(row: np.ndarray) -> dict[str, Any]:
    count = int(row[0])
    mean, opened = (float(x) / count if count else None for x in row[1:])
    return {"positions": count, "mean": mean, "open": opened}
