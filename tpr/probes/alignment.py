"""How far displacements follow the true motion: errors and correlations from sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (P, 2): (dx, dy) of P positions
ORDER = ("found", "true", "found squared", "true squared", "product")


@dataclass
class Alignment:
    """Sums over positions of displacements beside the true ones.

    sums: (5, 2), the sums named in ORDER, by component; error, none: sums of the end-point errors
    of the displacements, and of no displacement; squared: of the squares of the former.
    """

    positions: int = 0
    sums: Points = field(default_factory=lambda: np.zeros((len(ORDER), 2)))
    error: float = 0.0
    none: float = 0.0
    squared: float = 0.0

    def add(self, found: Points, true: Points) -> None:
        self.positions += len(true)
        products = (found, true, found**2, true**2, found * true)
        self.sums += np.stack([one.sum(0) for one in products])
        distance = np.hypot(*(found - true).T)
        self.error += float(distance.sum())
        self.squared += float((distance**2).sum())
        self.none += float(np.hypot(*true.T).sum())

    def summary(self) -> dict[str, Any]:
        """positions; error and none: mean end-point errors; correlation: over both components, with
        their means removed, None where nothing varies; r2: the share of the variance explained."""
        if not self.positions:
            return {"positions": 0, "error": None, "none": None, "correlation": None, "r2": None}
        found, true, found2, true2, product = self.sums / self.positions
        covariance = float((product - found * true).sum())
        spread = float((found2 - found**2).sum()), float((true2 - true**2).sum())
        varies = min(spread) > 1e-9
        return {
            "positions": self.positions,
            "error": self.error / self.positions,
            "none": self.none / self.positions,
            "correlation": covariance / (spread[0] * spread[1]) ** 0.5 if varies else None,
            "r2": 1 - self.squared / self.positions / spread[1] if spread[1] > 1e-9 else None,
        }
