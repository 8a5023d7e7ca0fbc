"""Closed outlines of parts, in units of the object; x forward, y down. Arrays are (N, 2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Points = Sequence[tuple[float, float]] | np.ndarray  # (N, 2)


def spline(points: Points, steps: int = 6) -> np.ndarray:
    """Closed Catmull-Rom curve through ``points``: smooth, organic shapes."""
    p1 = np.asarray(points, dtype=np.float64)
    p0, p2, p3 = np.roll(p1, 1, 0), np.roll(p1, -1, 0), np.roll(p1, -2, 0)
    t = (np.arange(steps) / steps)[None, :, None]
    a, b = 2 * p1, p2 - p0
    c, d = 2 * p0 - 5 * p1 + 4 * p2 - p3, -p0 + 3 * p1 - 3 * p2 + p3
    curve = a[:, None] + b[:, None] * t + c[:, None] * t**2 + d[:, None] * t**3
    return 0.5 * curve.reshape(-1, 2)


def polygon(points: Points) -> np.ndarray:
    """Straight edges: cars, wings of airplanes."""
    return np.asarray(points, dtype=np.float64)


def ellipse(rx: float, ry: float, cx: float = 0.0, cy: float = 0.0, steps: int = 24) -> np.ndarray:
    """Ellipse with radii ``rx``, ``ry`` around (cx, cy)."""
    angle = np.arange(steps) * (2 * np.pi / steps)
    return np.stack([cx + rx * np.cos(angle), cy + ry * np.sin(angle)], axis=1)


def limb(length: float, start: float, end: float) -> np.ndarray:
    """Tapered limb with round ends from the origin down; ``start``, ``end`` are half widths."""
    top = np.linspace(np.pi, 2 * np.pi, 8)
    bottom = np.linspace(0, np.pi, 8)
    first = np.stack([start * np.cos(top), start * np.sin(top)], axis=1)
    last = np.stack([end * np.cos(bottom), length + end * np.sin(bottom)], axis=1)
    return np.concatenate([first, last])


def blob(rng: np.random.Generator, radius: float = 0.5, corners: int = 8) -> np.ndarray:
    """Irregular round shape, e.g. a stone."""
    angle = np.arange(corners) * (2 * np.pi / corners)
    r = radius * rng.uniform(0.7, 1.25, corners)
    return spline(np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1))


def leaf(length: float = 1.0, width: float = 0.3) -> np.ndarray:
    """Pointed leaf from the origin upwards."""
    side = [(width * s, -length * y) for s, y in ((0.6, 0.2), (1.0, 0.45), (0.6, 0.75))]
    other = [(-x, y) for x, y in reversed(side)]
    return spline([(0.0, 0.0), *side, (0.0, -length), *other])
