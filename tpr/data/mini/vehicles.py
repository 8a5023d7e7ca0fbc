"""Rigs of vehicles: car and airplane."""

from __future__ import annotations

import numpy as np

from tpr.data.mini.outlines import ellipse, polygon, spline
from tpr.data.mini.parts import Part


def wheel(x: float, y: float, r: float) -> Part:
    """A turning wheel whose spokes show the rotation."""
    spokes = [
        (
            polygon(
                [
                    (-0.14 * r, -0.62 * r),
                    (0.14 * r, -0.62 * r),
                    (0.14 * r, 0.62 * r),
                    (-0.14 * r, 0.62 * r),
                ]
            ),
            "dark",
        ),
        (
            polygon(
                [
                    (-0.62 * r, -0.14 * r),
                    (-0.62 * r, 0.14 * r),
                    (0.62 * r, 0.14 * r),
                    (0.62 * r, -0.14 * r),
                ]
            ),
            "dark",
        ),
    ]
    rim = (ellipse(0.62 * r, 0.62 * r), "metal")
    return Part(ellipse(r, r), "tyre", at=(x, y), spin=1.0, z=5, details=(rim, *spokes))


def car() -> list[Part]:
    """Side view with cabin, windows and turning wheels."""
    hull = [
        (-0.78, -0.02),
        (-0.74, -0.16),
        (0.45, -0.18),
        (0.76, -0.1),
        (0.82, 0.06),
        (0.8, 0.2),
        (-0.78, 0.2),
    ]
    cabin = [(-0.56, 0.04), (-0.42, -0.3), (-0.3, -0.34), (0.14, -0.34), (0.24, -0.3), (0.48, 0.04)]
    panes = (
        (polygon([(-0.43, -0.04), (-0.34, -0.26), (-0.1, -0.26), (-0.1, -0.04)]), "glass"),
        (polygon([(-0.03, -0.04), (-0.03, -0.26), (0.15, -0.26), (0.33, -0.04)]), "glass"),
    )
    lamps = (
        (ellipse(0.05, 0.05, 0.74, 0.0), "lamp"),
        (polygon([(-0.78, 0.1), (-0.78, 0.16), (0.81, 0.16), (0.81, 0.1)]), "shade"),
    )
    return [
        Part(polygon(cabin), at=(0, -0.14), z=1, swing=0.02, details=panes),
        Part(polygon(hull), pattern=True, z=2, details=lamps),
        wheel(-0.45, 0.2, 0.2),
        wheel(0.48, 0.2, 0.2),
    ]


def airplane() -> list[Part]:
    """Side view; the wings bank."""
    hull = [
        (-0.95, -0.1),
        (-0.5, -0.13),
        (0.5, -0.14),
        (0.85, -0.06),
        (0.97, 0.03),
        (0.8, 0.11),
        (0.3, 0.13),
        (-0.5, 0.1),
    ]
    wing = [(0.22, 0.0), (-0.2, 0.62), (-0.38, 0.62), (-0.22, 0.0)]
    fin = [(0.22, 0.02), (-0.08, -0.4), (-0.26, -0.4), (-0.18, 0.04)]
    stab = [(0.14, 0), (-0.14, 0.24), (-0.26, 0.24), (-0.14, 0)]
    portholes = tuple(
        (ellipse(0.035, 0.04, x, -0.05, 10), "glass") for x in np.arange(-0.5, 0.66, 0.16)
    )
    pane = ((polygon([(0.74, -0.07), (0.86, -0.03), (0.8, 0.01), (0.72, 0.0)]), "glass"),)
    belt = ((polygon([(-0.9, 0.02), (0.92, 0.02), (0.9, 0.055), (-0.9, 0.055)]), "second"),)
    bank = (1.0, 1.0, 0.45, 1.1)
    return [
        Part(polygon(wing), "shade", at=(0.12, -0.06), squash=(1, 1, -0.8, -0.3), z=0),
        Part(polygon(fin), "second", at=(-0.74, -0.08), z=1),
        Part(spline(hull), z=2, details=(*belt, *portholes, *pane)),
        Part(polygon(stab), "second", at=(-0.74, 0.0), squash=bank, z=3),
        Part(polygon(wing), "main", pattern=True, at=(0.08, 0.05), squash=bank, z=4),
        Part(spline(ellipse(0.15, 0.07)[::3]), "second", at=(-0.02, 0.26), parent=4, z=5),
    ]
