"""Painting the parts of an object once per video, to be moved by an affine map in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tpr.data.mini.parts import Part
from tpr.data.mini.skins import Skin, pattern_weight

_SHIFT = 4  # fixed-point bits of cv2 drawing


@dataclass(frozen=True)
class Sprite:
    """Premultiplied RGBA levels (each half the size of the one before) of one part.

    ``to_local[k]`` maps pixel indices of level k to local units: local = index * s + (ox, oy).
    """

    levels: tuple[np.ndarray, ...]
    to_local: tuple[tuple[float, float, float], ...]
    outline: np.ndarray


def fill(shape: tuple[int, int], outline: np.ndarray, origin: np.ndarray, ppu: float) -> np.ndarray:
    """Anti-aliased coverage (H, W) in [0, 1] of ``outline`` (local units)."""
    mask = np.zeros(shape, np.uint8)
    points = ((outline - origin) * ppu - 0.5) * (1 << _SHIFT)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255, cv2.LINE_AA, _SHIFT)
    return mask.astype(np.float32) / 255


def shading(coverage: np.ndarray, y: np.ndarray, ppu: float) -> np.ndarray:
    """Light from above and darker rims, so that parts read as round bodies."""
    radius = max(1, int(ppu * 0.045)) * 2 + 1
    rim = np.clip(cv2.blur(coverage, (radius, radius)) * 2 - 1, 0, 1)
    height = (y - y.min()) / max(float(np.ptp(y)), 1e-6)
    return (1.15 - 0.4 * height) * (0.5 + 0.5 * rim)


def paint(
    part: Part, skin: Skin, rng: np.random.Generator, ppu: float, halvings: int = 2
) -> Sprite:
    """Sprite of ``part`` with ``ppu`` pixels per local unit and ``halvings`` smaller levels."""
    low, high = part.outline.min(0), part.outline.max(0)
    origin = low - 2.5 / ppu
    size = np.ceil((high - low) * ppu + 5).astype(int)
    width, height = (int(-(-s // 4) * 4) for s in size)
    x, y = np.meshgrid(
        *((np.arange(n) + 0.5) / ppu + o for n, o in zip((width, height), origin, strict=True))
    )
    coverage = fill((height, width), part.outline, origin, ppu)
    rgb = np.broadcast_to(skin.colours[part.colour].astype(np.float32), (height, width, 3)).copy()
    if part.pattern:
        other = "main" if part.colour == "second" else "second"
        weight = (pattern_weight(skin, rng, x, y) * skin.contrast)[..., None]
        rgb += (skin.colours[other] - rgb) * weight
    rgb *= shading(coverage, y, ppu)[..., None]
    for outline, colour in part.details:
        weight = fill((height, width), outline, origin, ppu)[..., None]
        rgb += (skin.colours[colour] - rgb) * weight
    return _levels(rgb, coverage, part.outline, origin, ppu, halvings)


def _levels(
    rgb: np.ndarray,
    coverage: np.ndarray,
    outline: np.ndarray,
    origin: np.ndarray,
    ppu: float,
    halvings: int,
) -> Sprite:
    """Premultiply and build the half and quarter size levels."""
    rgba = np.dstack([np.clip(rgb, 0, 255) * coverage[..., None], coverage * 255])
    levels = [np.round(rgba).astype(np.uint8)]
    for _ in range(halvings):
        height, width = levels[-1].shape[:2]
        if min(height, width) < 4 or height % 2 or width % 2:
            break
        # of uint8 as the level before, which OpenCV's types do not say
        levels.append(
            cv2.resize(  # pyright: ignore[reportArgumentType]
                levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA
            )
        )
    maps = []
    for k in range(len(levels)):
        s = 2**k / ppu
        maps.append((s, float(origin[0] + 0.5 * s), float(origin[1] + 0.5 * s)))
    return Sprite(tuple(levels), tuple(maps), outline)
