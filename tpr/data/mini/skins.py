"""Colours and patterns of the categories, with variation between instances.

A category has its own palette family; one instance in five borrows a random one, so colour helps
but does not decide alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

FIXED = {
    "white": (245, 245, 240), "dark": (22, 20, 24), "tyre": (38, 36, 40), "metal": (190, 194, 200),
    "glass": (120, 170, 205), "lamp": (250, 240, 150), "beak": (240, 160, 30),
}  # fmt: skip

# Per category: (main hue range in degrees, saturation, value), the same for second; pattern names.
_H = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]
PALETTES: dict[str, tuple[_H, _H, tuple[str, ...]]] = {
    "fish": (
        ((10, 45), (0.8, 1), (0.85, 1)),
        ((25, 60), (0.2, 1), (0.9, 1)),
        ("bands", "bands", "scales"),
    ),
    "bird": (
        ((195, 225), (0.1, 0.65), (0.75, 1)),
        ((200, 240), (0.3, 0.9), (0.3, 0.7)),
        ("feathers",),
    ),
    "dog": (
        ((18, 34), (0.4, 0.75), (0.4, 0.8)),
        ((15, 30), (0.4, 0.7), (0.18, 0.35)),
        ("patches", "plain"),
    ),
    "giraffe": (
        ((38, 48), (0.45, 0.7), (0.8, 0.95)),
        ((18, 28), (0.6, 0.8), (0.35, 0.5)),
        ("tiles",),
    ),
    "snake": (
        ((75, 130), (0.55, 0.9), (0.45, 0.8)),
        ((40, 70), (0.6, 0.9), (0.6, 0.95)),
        ("rings", "scales"),
    ),
    "car": (((-12, 12), (0.75, 1), (0.6, 0.95)), ((0, 360), (0.0, 0.2), (0.5, 0.9)), ("plain",)),
    "airplane": (
        ((200, 230), (0.0, 0.12), (0.82, 1)),
        ((215, 240), (0.6, 0.95), (0.5, 0.85)),
        ("plain", "bands"),
    ),
    "turtle": (
        ((70, 110), (0.4, 0.7), (0.25, 0.45)),
        ((60, 100), (0.35, 0.6), (0.55, 0.75)),
        ("tiles",),
    ),
    "person": (
        ((0, 360), (0.5, 0.9), (0.5, 0.95)),
        ((210, 235), (0.4, 0.7), (0.25, 0.5)),
        ("plain", "rings"),
    ),
    "butterfly": (
        ((275, 325), (0.55, 0.95), (0.65, 1)),
        ((260, 330), (0.4, 0.9), (0.35, 0.7)),
        ("spots",),
    ),
}


@dataclass(frozen=True)
class Skin:
    """Appearance of one instance: RGB colours by name, pattern name and its frequency."""

    colours: dict[str, np.ndarray]
    pattern: str
    frequency: float
    contrast: float


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """RGB in [0, 255] from hue in degrees, saturation and value in [0, 1]."""
    k = (np.array([5.0, 3.0, 1.0]) + hue / 60) % 6
    return 255 * (value - value * saturation * np.clip(np.minimum(k, 4 - k), 0, 1))


def draw_colour(rng: np.random.Generator, family: _H) -> np.ndarray:
    """A colour from the ranges of ``family``."""
    return hsv(*(rng.uniform(low, high) for low, high in family))


def random_skin(rng: np.random.Generator, category: str | None) -> Skin:
    """Skin of a new instance; distractors (``None``) borrow any category's palette."""
    names = tuple(PALETTES)
    borrowed = category is None or rng.random() < 0.08
    own = names[rng.integers(len(names))] if borrowed else category
    # borrowed where there is no category
    main, second, patterns = PALETTES[own]  # pyright: ignore[reportArgumentType]
    if category in PALETTES:
        patterns = PALETTES[category][2]
    colours = {name: np.array(rgb, float) for name, rgb in FIXED.items()}
    colours |= {"main": draw_colour(rng, main), "second": draw_colour(rng, second)}
    colours |= {"shade": colours["main"] * 0.62, "second_shade": colours["second"] * 0.62}
    colours["skin"] = hsv(rng.uniform(15, 30), rng.uniform(0.3, 0.6), rng.uniform(0.4, 0.95))
    colours["hair"] = hsv(rng.uniform(15, 45), rng.uniform(0.3, 0.7), rng.uniform(0.08, 0.7))
    pattern = patterns[rng.integers(len(patterns))]
    return Skin(colours, pattern, rng.uniform(0.8, 1.25), rng.uniform(0.7, 1.0))


def smooth_noise(rng: np.random.Generator, height: int, width: int, cells: int) -> np.ndarray:
    """(H, W) float32 in about [0, 1]: random values on a coarse grid, cubically interpolated."""
    grid = rng.random((cells, cells), dtype=np.float32)
    return cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)


def cell_borders(rng: np.random.Generator, x: np.ndarray, y: np.ndarray, size: float) -> np.ndarray:
    """1 inside the tiles of an irregular tiling (Voronoi), 0 on the borders between them."""
    low, high = (x.min(), y.min()), (x.max(), y.max())
    columns, rows = (int(np.ceil((h - b) / size)) + 2 for b, h in zip(low, high, strict=True))
    grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).reshape(-1, 2)
    sites = (grid + rng.uniform(-0.3, 0.3, grid.shape) - 0.5) * size + low
    distance = np.hypot(x[..., None] - sites[:, 0], y[..., None] - sites[:, 1])
    nearest = np.partition(distance, 1, axis=-1)
    return np.clip((nearest[..., 1] - nearest[..., 0]) / (0.35 * size) - 0.15, 0, 1)


def pattern_weight(
    skin: Skin, rng: np.random.Generator, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Share (H, W) of the second colour at local coordinates ``x``, ``y`` (H, W)."""
    f = skin.frequency
    soft = lambda wave: np.clip(wave * 3 + 0.5, 0, 1)  # noqa: E731
    if skin.pattern == "bands":
        return soft(np.cos(x * 12 * f) - 0.35)
    if skin.pattern == "rings":
        return soft(np.cos(y * 24 * f))
    if skin.pattern == "scales":
        return soft(np.cos(x * 26 * f + 3 * y) * np.cos(y * 26 * f) - 0.1)
    if skin.pattern == "feathers":
        return 1 - soft(np.cos(y * 30 * f + 12 * x) + 0.2) * 0.6
    if skin.pattern == "spots":
        return soft(np.cos(x * 13 * f) * np.cos(y * 13 * f) - 0.45)
    if skin.pattern == "tiles":
        return cell_borders(rng, x, y, 0.2 / f)
    if skin.pattern == "patches":
        # pyright counts a shape as any number of sides
        return soft(smooth_noise(rng, *x.shape, 4) - 0.55)  # pyright: ignore[reportCallIssue]
    return np.zeros_like(x)
