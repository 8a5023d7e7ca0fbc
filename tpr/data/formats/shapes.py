"""Masks of drawn shapes. Coordinates are those of annotation programs: pixel (0, 0) covers 0 to 1.

Outlines are filled as COCO fills polygons; what lies outside the picture is cut off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tpr.data.segmentation import decode

Size = tuple[int, int]  # height and width of the picture


def polygon(points: Sequence[Sequence[float]], size: Size) -> np.ndarray:
    """(H, W) bool of at least three x, y. Raises ValueError for anything else."""
    return decode([[x for point in points for x in point]], *size)


def rectangle(
    x0: float, y0: float, x1: float, y1: float, size: Size, degrees: float = 0
) -> np.ndarray:
    """Of two opposite corners, then turned clockwise about its centre."""
    check_finite(x0, y0, x1, y1, degrees)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(x - cx, y - cy) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
    turned = [(cx + x * cos - y * sin, cy + x * sin + y * cos) for x, y in corners]
    return polygon(turned if degrees else [(cx + x, cy + y) for x, y in corners], size)


def ellipse(
    cx: float, cy: float, rx: float, ry: float, size: Size, degrees: float = 0
) -> np.ndarray:
    """The pixels whose centres lie in it; `degrees` as in `rectangle`."""
    check_finite(cx, cy, rx, ry, degrees)
    if rx <= 0 or ry <= 0:
        return np.zeros(size, bool)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    y, x = np.ogrid[: size[0], : size[1]]
    dx, dy = x + 0.5 - cx, y + 0.5 - cy
    with np.errstate(over="ignore", invalid="ignore"):  # radii near zero
        return ((dx * cos + dy * sin) / rx) ** 2 + ((dy * cos - dx * sin) / ry) ** 2 <= 1


def check_finite(*numbers: float) -> None:
    """ValueError for NaN and infinity."""
    if not all(map(math.isfinite, numbers)):
        raise ValueError("a shape holds NaN or infinite coordinates")


def placed(mask: np.ndarray, left: int, top: int, size: Size) -> np.ndarray:
    """A mask (h, w) of a part of the picture, laid into the whole."""
    whole = np.zeros(size, bool)
    y, x = max(top, 0), max(left, 0)
    part = mask[y - top :, x - left :][: max(size[0] - y, 0), : max(size[1] - x, 0)]
    whole[y : y + part.shape[0], x : x + part.shape[1]] = part
    return whole
