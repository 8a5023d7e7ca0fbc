"""Rigs that swim, fly or crawl: fish, bird, snake, turtle and butterfly."""

from __future__ import annotations

import numpy as np

from tpr.data.mini.outlines import ellipse, limb, polygon, spline
from tpr.data.mini.parts import Part, eye


def fish() -> list[Part]:
    """Side view; the rear half and the tail fin beat."""
    front = [
        (-0.3, -0.21),
        (0, -0.31),
        (0.35, -0.24),
        (0.63, 0.02),
        (0.35, 0.24),
        (0, 0.3),
        (-0.3, 0.2),
    ]
    rear = [(0.12, -0.28), (-0.2, -0.2), (-0.48, -0.07), (-0.48, 0.07), (-0.2, 0.19), (0.12, 0.27)]
    tail = [
        (0.06, -0.05),
        (-0.2, -0.2),
        (-0.42, -0.36),
        (-0.3, 0),
        (-0.42, 0.36),
        (-0.2, 0.2),
        (0.06, 0.05),
    ]
    dorsal = [(0.25, 0.06), (0.1, -0.16), (-0.2, -0.22), (-0.3, -0.02), (-0.15, 0.08)]
    return [
        Part(spline(rear), pattern=True, at=(-0.12, 0), swing=0.28, z=1),
        Part(
            spline(tail),
            "second",
            at=(-0.42, 0),
            parent=0,
            swing=0.5,
            phase=-1.0,
            z=0,
            squash=(0.5, 1.1, 1, 1),
        ),
        Part(spline(dorsal), "second", at=(0.05, -0.27), swing=0.08, z=0),
        Part(spline(front), pattern=True, z=2, details=eye(0.42, -0.06, 0.065)),
        Part(
            spline([(0.05, -0.05), (-0.1, -0.04), (-0.28, 0.12), (-0.08, 0.14)]),
            "second",
            at=(0.12, 0.1),
            swing=0.5,
            phase=0.7,
            z=3,
        ),
    ]


def bird() -> list[Part]:
    """In flight, side view; both wings beat up and down."""
    body = [
        (0.4, -0.14),
        (0.15, -0.17),
        (-0.25, -0.08),
        (-0.48, -0.02),
        (-0.2, 0.13),
        (0.15, 0.17),
        (0.36, 0.05),
    ]
    wing = [
        (0.18, 0.05),
        (0.2, -0.3),
        (0.02, -0.7),
        (-0.32, -0.98),
        (-0.3, -0.6),
        (-0.3, -0.3),
        (-0.22, 0.05),
    ]
    tail = [(0.1, -0.06), (-0.3, -0.12), (-0.4, 0.0), (-0.3, 0.1), (0.1, 0.06)]
    flap = (1.0, 1.0, -0.75, 1.0)
    return [
        Part(spline(wing), "shade", at=(0.1, -0.04), squash=flap, swing=0.15, phase=-0.25, z=0),
        Part(spline(tail), "second", at=(-0.42, 0), swing=0.12, z=1),
        Part(spline(body), z=2),
        Part(
            spline(ellipse(0.17, 0.155)[::3]),
            at=(0.44, -0.14),
            swing=0.06,
            z=4,
            details=eye(0.06, -0.03, 0.045),
        ),
        Part(
            polygon([(-0.02, -0.07), (0.24, 0.02), (-0.02, 0.07)]),
            "beak",
            at=(0.14, 0.02),
            parent=3,
            z=3,
        ),
        Part(spline(wing), "second", pattern=True, at=(0.02, 0.0), squash=flap, swing=0.15, z=5),
    ]


def snake() -> list[Part]:
    """A chain of joints with a travelling wave; seen from above."""
    count, step = 12, 0.24
    head = [(-0.1, -0.1), (0.12, -0.17), (0.36, -0.07), (0.36, 0.07), (0.12, 0.17), (-0.1, 0.1)]
    details = (*eye(0.17, -0.1, 0.04), *eye(0.17, 0.1, 0.04))
    parts = [Part(spline(head), at=(1.3, 0), swing=0.25, z=count + 1, details=details)]
    for i in range(count):
        width = 0.13 * (1 - max(0.0, i - 5) / 7.5)
        joint = (
            {"at": (1.3, 0.0), "angle": np.pi / 2} if i == 0 else {"at": (0.0, step), "parent": i}
        )
        parts.append(
            Part(
                limb(step, width, width * 0.95),
                pattern=True,
                swing=0.55,
                phase=-0.75 * i,
                z=count - i,
                **joint,
            )
        )
    return parts


def turtle() -> list[Part]:
    """Seen from above: shell with plates, four paddling flippers."""
    front = [(0.08, -0.05), (0.12, -0.3), (-0.08, -0.58), (-0.2, -0.5), (-0.12, -0.05)]
    rear = [(0.08, -0.05), (-0.02, -0.24), (-0.2, -0.32), (-0.2, -0.05)]
    flip = lambda pts: spline([(x, -y) for x, y in pts])  # noqa: E731
    shell = spline(
        [
            (0.5, 0),
            (0.36, -0.32),
            (0, -0.43),
            (-0.38, -0.32),
            (-0.55, 0),
            (-0.38, 0.32),
            (0, 0.43),
            (0.36, 0.32),
        ]
    )
    head = spline([(-0.1, -0.1), (0.12, -0.14), (0.28, 0), (0.12, 0.14), (-0.1, 0.1)])
    return [
        Part(spline(front), "second", at=(0.28, -0.24), swing=0.5, z=0),
        Part(flip(front), "second", at=(0.28, 0.24), swing=-0.5, z=0),
        Part(spline(rear), "second", at=(-0.34, -0.22), swing=-0.5, z=0),
        Part(flip(rear), "second", at=(-0.34, 0.22), swing=0.5, z=0),
        Part(
            head,
            "second",
            at=(0.5, 0),
            swing=0.2,
            z=1,
            details=(*eye(0.14, -0.07, 0.03), *eye(0.14, 0.07, 0.03)),
        ),
        Part(shell, pattern=True, z=2),
    ]


def butterfly() -> list[Part]:
    """Seen from above, wings opening and closing."""
    upper = [(0, 0.06), (0.12, -0.28), (0.5, -0.62), (0.78, -0.5), (0.66, -0.12), (0.3, 0.08)]
    lower = [(0, -0.06), (0.34, 0.0), (0.58, 0.16), (0.5, 0.46), (0.24, 0.54), (0.06, 0.22)]
    mirror = lambda pts: spline([(-x, y) for x, y in pts])  # noqa: E731
    flap = (0.35, 1.05, 1.0, 1.0)
    body = spline(
        [
            (0, -0.42),
            (0.07, -0.3),
            (0.06, 0.1),
            (0.03, 0.42),
            (-0.03, 0.42),
            (-0.06, 0.1),
            (-0.07, -0.3),
        ]
    )
    return [
        Part(spline(lower), "second", pattern=True, at=(0.02, 0), squash=flap, z=0),
        Part(mirror(lower), "second", pattern=True, at=(-0.02, 0), squash=flap, z=0),
        Part(spline(upper), pattern=True, at=(0.02, 0), squash=flap, phase=0.2, z=1),
        Part(mirror(upper), pattern=True, at=(-0.02, 0), squash=flap, phase=0.2, z=1),
        Part(body, "tyre", z=2),
    ]
