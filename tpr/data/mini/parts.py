"""Rigid pieces from which the articulated shapes are built.

A rig is a list of parts; a part hangs on its parent at ``at`` and turns about that joint. Parts
are drawn in the order of ``z`` (low first). x is forward, y down, so a rig looks to the right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.data.mini.outlines import ellipse

Detail = tuple[np.ndarray, str]  # outline drawn on the part, name of its colour


@dataclass(frozen=True)
class Part:
    """One rigid piece. Angles in radians; ``swing``, ``squash`` follow the gait phase."""

    outline: np.ndarray
    colour: str = "main"
    pattern: bool = False  # carries the pattern of the category
    at: tuple[float, float] = (0.0, 0.0)
    parent: int = -1
    angle: float = 0.0
    swing: float = 0.0  # amplitude of the joint angle
    phase: float = 0.0
    squash: tuple[float, float, float, float] | None = None  # (x low, x high, y low, y high)
    spin: float = 0.0  # turns per gait cycle (wheels)
    z: int = 0
    details: tuple[Detail, ...] = ()


def eye(x: float, y: float, r: float) -> tuple[Detail, ...]:
    """White eye with a dark pupil."""
    return (
        (ellipse(r, r, x, y, 12), "white"),
        (ellipse(r * 0.6, r * 0.6, x + r * 0.2, y, 12), "dark"),
    )
