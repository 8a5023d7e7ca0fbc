"""Rigs that walk: dog, giraffe and person, seen from the side."""

from __future__ import annotations

import numpy as np

from tpr.data.mini.outlines import ellipse, limb, spline
from tpr.data.mini.parts import Part, eye


def legs(
    spots: list[tuple[float, float]], upper: float, lower: float, w: float, base: int
) -> list[Part]:
    """Four two-part legs; ``spots`` are hips (far pair first), ``base`` the first part's index."""
    parts: list[Part] = []
    for i, (x, y) in enumerate(spots):
        far, phase = i < 2, (0.0, np.pi, np.pi, 0.0)[i]
        tone, z = ("shade", 0) if far else ("main", 5)
        parts.append(
            Part(limb(upper, w, w * 0.75), tone, not far, (x, y), swing=0.5, phase=phase, z=z)
        )
        parts.append(
            Part(
                limb(lower, w * 0.72, w * 0.6),
                tone,
                at=(0, upper),
                parent=base + 2 * i,
                angle=0.1,
                swing=0.35,
                phase=phase - 1.2,
                z=z,
            )
        )
    return parts


def dog() -> list[Part]:
    """Running quadruped with short neck, hanging ear and a wagging tail."""
    body = [
        (0.5, -0.2),
        (0.2, -0.22),
        (-0.3, -0.2),
        (-0.54, -0.12),
        (-0.5, 0.12),
        (-0.2, 0.13),
        (0.2, 0.2),
        (0.5, 0.12),
    ]
    head = [
        (-0.14, 0.16),
        (-0.14, -0.12),
        (0.05, -0.24),
        (0.2, -0.16),
        (0.42, -0.06),
        (0.42, 0.07),
        (0.18, 0.14),
    ]
    ear = [(0.0, -0.04), (0.1, 0.06), (0.04, 0.3), (-0.1, 0.26), (-0.1, 0.04)]
    nose = ((ellipse(0.05, 0.05, 0.41, -0.02, 12), "dark"),)
    return [
        *legs([(0.42, 0.02), (-0.32, 0.0), (0.34, 0.06), (-0.42, 0.04)], 0.3, 0.28, 0.095, 0),
        Part(limb(0.5, 0.06, 0.03), at=(-0.48, -0.12), angle=2.2, swing=0.5, phase=0.5, z=1),
        Part(spline(body), pattern=True, z=3),
        Part(
            spline(head),
            at=(0.52, -0.24),
            swing=0.14,
            phase=1.0,
            z=6,
            details=(*eye(0.12, -0.08, 0.045), *nose),
        ),
        Part(spline(ear), "second", at=(-0.02, -0.16), parent=10, swing=0.3, z=7),
    ]


def giraffe() -> list[Part]:
    """Long neck and long legs."""
    body = [
        (0.36, -0.22),
        (0.0, -0.2),
        (-0.36, -0.1),
        (-0.42, 0.1),
        (-0.1, 0.18),
        (0.25, 0.18),
        (0.4, 0.02),
    ]
    head = [
        (-0.12, 0.02),
        (-0.06, -0.1),
        (0.08, -0.12),
        (0.32, 0.02),
        (0.32, 0.1),
        (0.1, 0.12),
        (-0.06, 0.12),
    ]
    return [
        *legs([(0.3, 0.02), (-0.26, 0.02), (0.24, 0.06), (-0.33, 0.05)], 0.42, 0.42, 0.075, 0),
        Part(
            limb(0.4, 0.035, 0.025), at=(-0.4, 0), angle=0.3, swing=0.4, phase=0.5, z=1, details=()
        ),
        Part(spline(body), pattern=True, z=3),
        Part(
            limb(0.95, 0.15, 0.085),
            pattern=True,
            at=(0.28, -0.06),
            angle=3.14 + 0.42,
            swing=0.12,
            phase=1.0,
            z=4,
        ),
        Part(
            spline(head),
            at=(0.0, 0.95),
            parent=10,
            angle=-3.14 - 0.32,
            swing=0.12,
            z=6,
            details=eye(0.06, -0.03, 0.035),
        ),
        Part(limb(0.13, 0.025, 0.035), "second", at=(-0.02, -0.06), parent=11, angle=3.3, z=5),
    ]


def person() -> list[Part]:
    """Walking, side view."""
    torso = [
        (-0.17, -0.3),
        (0.0, -0.36),
        (0.17, -0.3),
        (0.15, 0.0),
        (0.15, 0.22),
        (-0.15, 0.22),
        (-0.14, 0.0),
    ]
    hair = (
        (
            spline(
                [
                    (-0.16, 0.04),
                    (-0.17, -0.12),
                    (0, -0.21),
                    (0.16, -0.1),
                    (0.02, -0.08),
                    (-0.06, 0.06),
                ]
            ),
            "hair",
        ),
    )
    parts: list[Part] = []
    for i, (z, phase) in enumerate(((0, 0.0), (4, np.pi))):
        b, tone = 4 * i, ("second_shade", "second")[i]
        parts += [
            Part(limb(0.4, 0.11, 0.085), tone, at=(0, 0.16), swing=0.6, phase=phase, z=z),
            Part(
                limb(0.4, 0.08, 0.06),
                tone,
                at=(0, 0.4),
                parent=b,
                angle=0.3,
                swing=0.3,
                phase=phase - 1.3,
                z=z,
                details=((ellipse(0.09, 0.07, 0.02, 0.42), "dark"),),
            ),
            Part(
                limb(0.3, 0.075, 0.06),
                ("shade", "main")[i],
                at=(0, -0.24),
                swing=0.7,
                phase=phase + np.pi,
                z=z + 2 * i,
            ),
            Part(
                limb(0.28, 0.058, 0.05),
                "skin",
                at=(0, 0.3),
                parent=b + 2,
                angle=-0.5,
                swing=0.3,
                phase=phase + np.pi,
                z=z + 2 * i,
            ),
        ]
    head = Part(
        spline(ellipse(0.15, 0.18)[::3]),
        "skin",
        at=(0.02, -0.48),
        swing=0.08,
        z=4,
        details=(*hair, (ellipse(0.025, 0.03, 0.09, -0.02, 8), "dark")),
    )
    return [*parts, Part(spline(torso), pattern=True, z=3), head]
