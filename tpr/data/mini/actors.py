"""Moving objects: a painted rig, its gait and its path. Affine maps are (2, 3) float64."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tpr.data.mini import outlines
from tpr.data.mini.parts import Part
from tpr.data.mini.rigs import RIGS, VIEW
from tpr.data.mini.skins import random_skin
from tpr.data.mini.sprites import Sprite, paint

# Long, thin shapes would leave the frame at the area of the others.
SIZE_FACTOR = {"snake": 0.72, "giraffe": 0.82, "person": 0.84, "bird": 0.92, "airplane": 0.9}


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """Affine map x -> outer(inner(x))."""
    linear = outer[:, :2] @ inner[:, :2]
    return np.column_stack([linear, outer[:, :2] @ inner[:, 2] + outer[:, 2]])


def invert(affine: np.ndarray) -> np.ndarray:
    """Inverse of an affine map."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def similarity(scale: float, angle: float, x: float, y: float, facing: float = 1.0) -> np.ndarray:
    """Scale (x by ``facing`` before that), turn by ``angle`` and move to (x, y)."""
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c * facing, -s, x], [s * facing, c, y]])


def joint(part: Part, gait: float) -> np.ndarray:
    """Map from the part's units to its parent's at gait phase ``gait`` (radians)."""
    wave = np.sin(gait + part.phase)
    affine = similarity(1.0, part.angle + part.swing * wave + part.spin * gait, *part.at)
    if part.squash is not None:
        x0, x1, y0, y1 = part.squash
        factors = [0.5 * (a + b) + 0.5 * (b - a) * wave for a, b in ((x0, x1), (y0, y1))]
        # A part seen edge-on keeps a tenth of its width, so that its map stays invertible.
        affine[:, :2] *= [f if abs(f) > 0.1 else (0.1 if f >= 0 else -0.1) for f in factors]
    return affine


def pose(parts: list[Part], gait: float) -> list[np.ndarray]:
    """Maps from every part's units to the object's."""
    maps: list[np.ndarray] = []
    pending = [joint(part, gait) for part in parts]
    for part, own in zip(parts, pending, strict=True):
        maps.append(own if part.parent < 0 else compose(maps[part.parent], own))
    return maps


def unit_area(parts: list[Part]) -> float:
    """Area of the silhouette in square units, from a coarse drawing."""
    ppu, canvas = 24, np.zeros((144, 144), np.uint8)
    for part, affine in zip(parts, pose(parts, 0.6), strict=True):
        points = part.outline @ affine[:, :2].T + affine[:, 2]
        cv2.fillPoly(canvas, [np.round(points * ppu + 72).astype(np.int32)], 1)
    return max(float(canvas.sum()) / ppu**2, 0.05)


@dataclass(frozen=True)
class Actor:
    """One object of a video. Path arrays have one entry a frame, in world pixels and radians."""

    category: str | None  # None: a distractor
    parts: list[Part]
    sprites: list[Sprite]
    position: np.ndarray  # (T, 2)
    scale: np.ndarray  # (T,) world pixels per unit
    angle: np.ndarray  # (T,)
    gait: np.ndarray  # (T,)
    facing: np.ndarray  # (T,) 1 or -1: mirrored; between them while it turns round

    def maps(self, t: int) -> list[np.ndarray]:
        """Maps from every part's units to the world in frame ``t``."""
        # pyright counts a position as any number of coordinates
        root = similarity(
            self.scale[t],
            self.angle[t],
            *self.position[t],
            self.facing[t],  # pyright: ignore[reportCallIssue]
        )
        return [compose(root, own) for own in pose(self.parts, self.gait[t])]


def stretched(part: Part, factor: np.ndarray) -> Part:
    """``part`` with its outline, details and joint stretched: no two animals are built the same."""
    details = tuple((outline * factor, colour) for outline, colour in part.details)
    return Part(
        **{
            **part.__dict__,
            "outline": part.outline * factor,
            "details": details,
            "at": tuple(np.array(part.at) * factor),
        }
    )


def distractor_rig(rng: np.random.Generator) -> list[Part]:
    """Things that move or sway but belong to no category: plants, balls, stones, balloons."""
    kind = rng.integers(4)
    if kind == 0:
        angles = np.linspace(-1.1, 1.1, 6) + rng.uniform(-0.15, 0.15, 6)
        return [
            Part(outlines.leaf(1.0, 0.16), ("second", "main")[i % 2], angle=a, swing=0.1, phase=i)
            for i, a in enumerate(angles)
        ]
    if kind == 1:
        return [Part(outlines.ellipse(0.5, 0.5), pattern=True, spin=0.5)]
    if kind == 2:
        return [
            Part(outlines.blob(rng), pattern=True),
            Part(outlines.blob(rng, 0.3), "second", at=(0.4, 0.2), z=1),
        ]
    return [
        Part(outlines.limb(0.7, 0.02, 0.02), "dark", at=(0, 0.45), swing=0.2),
        Part(
            outlines.spline([(0, -0.5), (0.4, -0.15), (0.1, 0.5), (-0.1, 0.5), (-0.4, -0.15)]),
            pattern=True,
            z=1,
        ),
    ]


def build_rig(rng: np.random.Generator, category: str | None) -> list[Part]:
    """Parts of a new instance, with its own proportions."""
    if category is None:
        return distractor_rig(rng)
    factor = rng.uniform(0.88, 1.14, 2)
    return [stretched(part, factor) for part in RIGS[category]()]


def paint_rig(
    parts: list[Part], rng: np.random.Generator, category: str | None, ppu: float, halvings: int = 2
) -> list[Sprite]:
    """Sprites of all parts of one instance in one skin; ``halvings``: smaller levels to keep."""
    skin = random_skin(rng, category)
    return [paint(part, skin, rng, ppu, halvings) for part in parts]


def is_top_view(category: str | None) -> bool:
    """Whether the object turns towards its motion instead of being mirrored."""
    return category is not None and VIEW[category] == "top"
