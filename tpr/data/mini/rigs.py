"""Articulated shapes of the ten categories: parts with joints, in the object's own units.

A rig is a list of parts; a part hangs on its parent at ``at`` and turns about that joint. Parts
are drawn in the order of ``z`` (low first). x is forward, y down, so a rig looks to the right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tpr.data.mini.outlines import ellipse, limb, polygon, spline

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
    return ((ellipse(r, r, x, y, 12), "white"), (ellipse(r * 0.6, r * 0.6, x + r * 0.2, y, 12), "dark"))


def fish() -> list[Part]:
    """Side view; the rear half and the tail fin beat."""
    front = [(-0.3, -0.21), (0, -0.31), (0.35, -0.24), (0.63, 0.02), (0.35, 0.24), (0, 0.3), (-0.3, 0.2)]
    rear = [(0.12, -0.28), (-0.2, -0.2), (-0.48, -0.07), (-0.48, 0.07), (-0.2, 0.19), (0.12, 0.27)]
    tail = [(0.06, -0.05), (-0.2, -0.2), (-0.42, -0.36), (-0.3, 0), (-0.42, 0.36), (-0.2, 0.2), (0.06, 0.05)]
    dorsal = [(0.25, 0.06), (0.1, -0.16), (-0.2, -0.22), (-0.3, -0.02), (-0.15, 0.08)]
    return [
        Part(spline(rear), pattern=True, at=(-0.12, 0), swing=0.28, z=1),
        Part(spline(tail), "second", at=(-0.42, 0), parent=0, swing=0.5, phase=-1.0, z=0,
             squash=(0.5, 1.1, 1, 1)),
        Part(spline(dorsal), "second", at=(0.05, -0.27), swing=0.08, z=0),
        Part(spline(front), pattern=True, z=2, details=eye(0.42, -0.06, 0.065)),
        Part(spline([(0.05, -0.05), (-0.1, -0.04), (-0.28, 0.12), (-0.08, 0.14)]), "second",
             at=(0.12, 0.1), swing=0.5, phase=0.7, z=3),
    ]


def bird() -> list[Part]:
    """In flight, side view; both wings beat up and down."""
    body = [(0.4, -0.14), (0.15, -0.17), (-0.25, -0.08), (-0.48, -0.02), (-0.2, 0.13), (0.15, 0.17), (0.36, 0.05)]
    wing = [(0.18, 0.05), (0.2, -0.3), (0.02, -0.7), (-0.32, -0.98), (-0.3, -0.6), (-0.3, -0.3), (-0.22, 0.05)]
    tail = [(0.1, -0.06), (-0.3, -0.12), (-0.4, 0.0), (-0.3, 0.1), (0.1, 0.06)]
    flap = (1.0, 1.0, -0.75, 1.0)
    return [
        Part(spline(wing), "shade", at=(0.1, -0.04), squash=flap, swing=0.15, phase=-0.25, z=0),
        Part(spline(tail), "second", at=(-0.42, 0), swing=0.12, z=1),
        Part(spline(body), z=2),
        Part(spline(ellipse(0.17, 0.155)[::3]), at=(0.44, -0.14), swing=0.06, z=4, details=eye(0.06, -0.03, 0.045)),
        Part(polygon([(-0.02, -0.07), (0.24, 0.02), (-0.02, 0.07)]), "beak", at=(0.14, 0.02), parent=3, z=3),
        Part(spline(wing), "second", pattern=True, at=(0.02, 0.0), squash=flap, swing=0.15, z=5),
    ]


def legs(spots: list[tuple[float, float]], upper: float, lower: float, w: float, base: int) -> list[Part]:
    """Four two-part legs; ``spots`` are hips (far pair first), ``base`` the index of the first part."""
    parts: list[Part] = []
    for i, (x, y) in enumerate(spots):
        far, phase = i < 2, (0.0, np.pi, np.pi, 0.0)[i]
        tone, z = ("shade", 0) if far else ("main", 5)
        parts.append(Part(limb(upper, w, w * 0.75), tone, not far, (x, y), swing=0.5, phase=phase, z=z))
        parts.append(Part(limb(lower, w * 0.72, w * 0.6), tone, at=(0, upper), parent=base + 2 * i,
                          angle=0.1, swing=0.35, phase=phase - 1.2, z=z))
    return parts


def dog() -> list[Part]:
    """Running quadruped with short neck, hanging ear and a wagging tail."""
    body = [(0.5, -0.2), (0.2, -0.22), (-0.3, -0.2), (-0.54, -0.12), (-0.5, 0.12), (-0.2, 0.13), (0.2, 0.2), (0.5, 0.12)]
    head = [(-0.14, 0.16), (-0.14, -0.12), (0.05, -0.24), (0.2, -0.16), (0.42, -0.06), (0.42, 0.07), (0.18, 0.14)]
    ear = [(0.0, -0.04), (0.1, 0.06), (0.04, 0.3), (-0.1, 0.26), (-0.1, 0.04)]
    nose = ((ellipse(0.05, 0.05, 0.41, -0.02, 12), "dark"),)
    return [
        *legs([(0.42, 0.02), (-0.32, 0.0), (0.34, 0.06), (-0.42, 0.04)], 0.3, 0.28, 0.095, 0),
        Part(limb(0.5, 0.06, 0.03), at=(-0.48, -0.12), angle=2.2, swing=0.5, phase=0.5, z=1),
        Part(spline(body), pattern=True, z=3),
        Part(spline(head), at=(0.52, -0.24), swing=0.14, phase=1.0, z=6, details=(*eye(0.12, -0.08, 0.045), *nose)),
        Part(spline(ear), "second", at=(-0.02, -0.16), parent=10, swing=0.3, z=7),
    ]


def giraffe() -> list[Part]:
    """Long neck and long legs."""
    body = [(0.36, -0.22), (0.0, -0.2), (-0.36, -0.1), (-0.42, 0.1), (-0.1, 0.18), (0.25, 0.18), (0.4, 0.02)]
    head = [(-0.12, 0.02), (-0.06, -0.1), (0.08, -0.12), (0.32, 0.02), (0.32, 0.1), (0.1, 0.12), (-0.06, 0.12)]
    return [
        *legs([(0.3, 0.02), (-0.26, 0.02), (0.24, 0.06), (-0.33, 0.05)], 0.42, 0.42, 0.075, 0),
        Part(limb(0.4, 0.035, 0.025), at=(-0.4, 0), angle=0.3, swing=0.4, phase=0.5, z=1, details=()),
        Part(spline(body), pattern=True, z=3),
        Part(limb(0.95, 0.15, 0.085), pattern=True, at=(0.28, -0.06), angle=3.14 + 0.42, swing=0.12, phase=1.0, z=4),
        Part(spline(head), at=(0.0, 0.95), parent=10, angle=-3.14 - 0.32, swing=0.12, z=6, details=eye(0.06, -0.03, 0.035)),
        Part(limb(0.13, 0.025, 0.035), "second", at=(-0.02, -0.06), parent=11, angle=3.3, z=5),
    ]


def snake() -> list[Part]:
    """A chain of joints with a travelling wave; seen from above."""
    count, step = 12, 0.24
    head = [(-0.1, -0.1), (0.12, -0.17), (0.36, -0.07), (0.36, 0.07), (0.12, 0.17), (-0.1, 0.1)]
    details = (*eye(0.17, -0.1, 0.04), *eye(0.17, 0.1, 0.04))
    parts = [Part(spline(head), at=(1.3, 0), swing=0.25, z=count + 1, details=details)]
    for i in range(count):
        width = 0.13 * (1 - max(0.0, i - 5) / 7.5)
        joint = {"at": (1.3, 0.0), "angle": np.pi / 2} if i == 0 else {"at": (0.0, step), "parent": i}
        parts.append(Part(limb(step, width, width * 0.95), pattern=True, swing=0.55, phase=-0.75 * i, z=count - i, **joint))
    return parts


def wheel(x: float, y: float, r: float) -> Part:
    """A turning wheel whose spokes show the rotation."""
    spokes = [(polygon([(-0.14 * r, -0.62 * r), (0.14 * r, -0.62 * r), (0.14 * r, 0.62 * r), (-0.14 * r, 0.62 * r)]), "dark"),
              (polygon([(-0.62 * r, -0.14 * r), (-0.62 * r, 0.14 * r), (0.62 * r, 0.14 * r), (0.62 * r, -0.14 * r)]), "dark")]
    rim = (ellipse(0.62 * r, 0.62 * r), "metal")
    return Part(ellipse(r, r), "tyre", at=(x, y), spin=1.0, z=5, details=(rim, *spokes))


def car() -> list[Part]:
    """Side view with cabin, windows and turning wheels."""
    hull = [(-0.78, -0.02), (-0.74, -0.16), (0.45, -0.18), (0.76, -0.1), (0.82, 0.06), (0.8, 0.2), (-0.78, 0.2)]
    cabin = [(-0.56, 0.04), (-0.42, -0.3), (-0.3, -0.34), (0.14, -0.34), (0.24, -0.3), (0.48, 0.04)]
    panes = ((polygon([(-0.43, -0.04), (-0.34, -0.26), (-0.1, -0.26), (-0.1, -0.04)]), "glass"),
             (polygon([(-0.03, -0.04), (-0.03, -0.26), (0.15, -0.26), (0.33, -0.04)]), "glass"))
    lamps = ((ellipse(0.05, 0.05, 0.74, 0.0), "lamp"), (polygon([(-0.78, 0.1), (-0.78, 0.16), (0.81, 0.16), (0.81, 0.1)]), "shade"))
    return [
        Part(polygon(cabin), at=(0, -0.14), z=1, swing=0.02, details=panes),
        Part(polygon(hull), pattern=True, z=2, details=lamps),
        wheel(-0.45, 0.2, 0.2),
        wheel(0.48, 0.2, 0.2),
    ]


def airplane() -> list[Part]:
    """Side view; the wings bank."""
    hull = [(-0.95, -0.1), (-0.5, -0.13), (0.5, -0.14), (0.85, -0.06), (0.97, 0.03), (0.8, 0.11), (0.3, 0.13), (-0.5, 0.1)]
    wing = [(0.22, 0.0), (-0.2, 0.62), (-0.38, 0.62), (-0.22, 0.0)]
    fin = [(0.22, 0.02), (-0.08, -0.4), (-0.26, -0.4), (-0.18, 0.04)]
    stab = [(0.14, 0), (-0.14, 0.24), (-0.26, 0.24), (-0.14, 0)]
    portholes = tuple((ellipse(0.035, 0.04, x, -0.05, 10), "glass") for x in np.arange(-0.5, 0.66, 0.16))
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


def turtle() -> list[Part]:
    """Seen from above: shell with plates, four paddling flippers."""
    front = [(0.08, -0.05), (0.12, -0.3), (-0.08, -0.58), (-0.2, -0.5), (-0.12, -0.05)]
    rear = [(0.08, -0.05), (-0.02, -0.24), (-0.2, -0.32), (-0.2, -0.05)]
    flip = lambda pts: spline([(x, -y) for x, y in pts])  # noqa: E731
    shell = spline([(0.5, 0), (0.36, -0.32), (0, -0.43), (-0.38, -0.32), (-0.55, 0), (-0.38, 0.32), (0, 0.43), (0.36, 0.32)])
    head = spline([(-0.1, -0.1), (0.12, -0.14), (0.28, 0), (0.12, 0.14), (-0.1, 0.1)])
    return [
        Part(spline(front), "second", at=(0.28, -0.24), swing=0.5, z=0),
        Part(flip(front), "second", at=(0.28, 0.24), swing=-0.5, z=0),
        Part(spline(rear), "second", at=(-0.34, -0.22), swing=-0.5, z=0),
        Part(flip(rear), "second", at=(-0.34, 0.22), swing=0.5, z=0),
        Part(head, "second", at=(0.5, 0), swing=0.2, z=1, details=(*eye(0.14, -0.07, 0.03), *eye(0.14, 0.07, 0.03))),
        Part(shell, pattern=True, z=2),
    ]


def person() -> list[Part]:
    """Walking, side view."""
    torso = [(-0.17, -0.3), (0.0, -0.36), (0.17, -0.3), (0.15, 0.0), (0.15, 0.22), (-0.15, 0.22), (-0.14, 0.0)]
    hair = ((spline([(-0.16, 0.04), (-0.17, -0.12), (0, -0.21), (0.16, -0.1), (0.02, -0.08), (-0.06, 0.06)]), "hair"),)
    parts: list[Part] = []
    for i, (z, phase) in enumerate(((0, 0.0), (4, np.pi))):
        b, tone = 4 * i, ("second_shade", "second")[i]
        parts += [
            Part(limb(0.4, 0.11, 0.085), tone, at=(0, 0.16), swing=0.6, phase=phase, z=z),
            Part(limb(0.4, 0.08, 0.06), tone, at=(0, 0.4), parent=b, angle=0.3, swing=0.3, phase=phase - 1.3, z=z,
                 details=((ellipse(0.09, 0.07, 0.02, 0.42), "dark"),)),
            Part(limb(0.3, 0.075, 0.06), ("shade", "main")[i], at=(0, -0.24), swing=0.7, phase=phase + np.pi, z=z + 2 * i),
            Part(limb(0.28, 0.058, 0.05), "skin", at=(0, 0.3), parent=b + 2, angle=-0.5, swing=0.3, phase=phase + np.pi, z=z + 2 * i),
        ]
    head = Part(spline(ellipse(0.15, 0.18)[::3]), "skin", at=(0.02, -0.48), swing=0.08, z=4, details=(*hair, (ellipse(0.025, 0.03, 0.09, -0.02, 8), "dark")))
    return [*parts, Part(spline(torso), pattern=True, z=3), head]


def butterfly() -> list[Part]:
    """Seen from above, wings opening and closing."""
    upper = [(0, 0.06), (0.12, -0.28), (0.5, -0.62), (0.78, -0.5), (0.66, -0.12), (0.3, 0.08)]
    lower = [(0, -0.06), (0.34, 0.0), (0.58, 0.16), (0.5, 0.46), (0.24, 0.54), (0.06, 0.22)]
    mirror = lambda pts: spline([(-x, y) for x, y in pts])  # noqa: E731
    flap = (0.35, 1.05, 1.0, 1.0)
    body = spline([(0, -0.42), (0.07, -0.3), (0.06, 0.1), (0.03, 0.42), (-0.03, 0.42), (-0.06, 0.1), (-0.07, -0.3)])
    return [
        Part(spline(lower), "second", pattern=True, at=(0.02, 0), squash=flap, z=0),
        Part(mirror(lower), "second", pattern=True, at=(-0.02, 0), squash=flap, z=0),
        Part(spline(upper), pattern=True, at=(0.02, 0), squash=flap, phase=0.2, z=1),
        Part(mirror(upper), pattern=True, at=(-0.02, 0), squash=flap, phase=0.2, z=1),
        Part(body, "tyre", z=2),
    ]


RIGS: dict[str, Callable[[], list[Part]]] = {
    f.__name__: cache(f) for f in (fish, bird, dog, giraffe, snake, car, airplane, turtle, person, butterfly)
}
CATEGORIES: tuple[str, ...] = tuple(RIGS)
# How an object is turned: "side" views are mirrored to face their motion, "top" views rotated.
VIEW = {name: "top" if name in ("snake", "turtle") else "side" for name in CATEGORIES}
