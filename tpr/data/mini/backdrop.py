"""Textured world behind the objects: (H, W, 3) float32 RGB canvases with clutter."""

from __future__ import annotations

import cv2
import numpy as np

from tpr.data.mini.actors import distractor_rig, paint_rig, pose, similarity
from tpr.data.mini.skins import hsv, smooth_noise


def octaves(
    rng: np.random.Generator, height: int, width: int, first: int = 3, count: int = 5
) -> np.ndarray:
    """Multi-octave noise (H, W) in about [0, 1]."""
    total = np.zeros((height, width), np.float32)
    weight = 1.0
    for k in range(count):
        total += weight * (smooth_noise(rng, height, width, first * 2**k) - 0.5)
        weight *= 0.62
    return np.clip(0.5 + total * 0.7, 0, 1)


def ramp(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Colours (H, W, 3) between ``low`` and ``high``."""
    return (low + (high - low) * values[..., None]).astype(np.float32)


def muted(rng: np.random.Generator, value: tuple[float, float] = (0.25, 0.85)) -> np.ndarray:
    """A background colour of any hue."""
    return hsv(rng.uniform(0, 360), rng.uniform(0.05, 0.5), rng.uniform(*value))


def ground(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Grass, sand, earth or snow."""
    hue, sat, val = ((95, 0.5, 0.5), (40, 0.4, 0.75), (25, 0.45, 0.4), (210, 0.06, 0.85))[
        rng.integers(4)
    ]
    base = hsv(hue + rng.uniform(-12, 12), sat, val)
    noise = octaves(rng, height, width, 8)
    speckle = rng.random((height, width), dtype=np.float32)
    return ramp(0.7 * noise + 0.3 * speckle, base * 0.6, np.minimum(base * 1.3, 255))


def landscape(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Sky with clouds over hills and ground."""
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), np.float32)
    sky_low, sky_high = (
        hsv(rng.uniform(195, 230), rng.uniform(0.15, 0.6), 0.9),
        hsv(rng.uniform(20, 220), 0.15, 0.97),
    )
    canvas = ramp(np.clip(y * 1.6, 0, 1), sky_low, sky_high)
    clouds = np.clip(octaves(rng, height, width, 4) * 3 - 1.5, 0, 1)[..., None] * 0.7
    canvas += (245 - canvas) * clouds
    hills = rng.uniform(0.35, 0.5) + 0.18 * (smooth_noise(rng, 1, width, 9)[:1] - 0.5)
    hill = hsv(rng.uniform(70, 160), 0.35, rng.uniform(0.3, 0.6))
    canvas = np.where(
        (y > hills)[..., None], ramp(octaves(rng, height, width, 6), hill * 0.7, hill), canvas
    )
    floor = (y > rng.uniform(0.5, 0.6))[..., None]
    return np.where(floor, ground(rng, height, width), canvas)


def water(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Blue-green with wavy light bands."""
    noise = cv2.resize(
        octaves(rng, height // 2, width // 8, 6), (width, height), interpolation=cv2.INTER_CUBIC
    )
    base = hsv(rng.uniform(170, 225), rng.uniform(0.4, 0.8), rng.uniform(0.35, 0.75))
    return ramp(noise, base * 0.55, np.minimum(base * 1.35 + 20, 255))


def wall(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Stripes, planks or checks with noise."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    angle, period = rng.uniform(0, np.pi), rng.uniform(12, 40)
    wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 2 * np.pi / period)
    if rng.random() < 0.4:
        wave = wave * np.sin((y * np.cos(angle) - x * np.sin(angle)) * 2 * np.pi / period)
    mix = np.clip(0.5 + 1.2 * wave, 0, 1) * 0.6 + 0.4 * octaves(rng, height, width, 6)
    first = muted(rng)
    return ramp(mix.astype(np.float32), first, first + (muted(rng) - first) * rng.uniform(0.3, 0.8))


def mottled(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Noise between three colours: foliage, rock, coral."""
    canvas = ramp(octaves(rng, height, width, 4), muted(rng), muted(rng))
    weight = np.clip(octaves(rng, height, width, 8, 4) * 4 - 2, 0, 1)[..., None]
    return (canvas + (muted(rng) - canvas) * weight).astype(np.float32)


def street(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """House fronts with windows over a road."""
    canvas = ramp(octaves(rng, height, width), hsv(210, 0.2, 0.7), hsv(210, 0.1, 0.95))
    road, x = int(height * rng.uniform(0.55, 0.65)), 0
    while x < width:
        w, top = int(rng.integers(24, 60)), int(rng.integers(height // 8, height // 2))
        canvas[top:road, x : x + w] = muted(rng)
        glass = muted(rng, (0.15, 0.95))
        for wy in range(top + 5, road - 8, 14):
            for wx in range(x + 5, min(x + w, width) - 6, 12):
                canvas[wy : wy + 7, wx : wx + 5] = glass
        x += w
    canvas[road:] = ramp(
        octaves(rng, height - road, width, 10), hsv(30, 0.05, 0.3), hsv(30, 0.08, 0.55)
    )
    return canvas * (0.85 + 0.3 * octaves(rng, height, width, 12, 3)[..., None])


STYLES = (landscape, landscape, ground, water, wall, mottled, street)


def add_clutter(canvas: np.ndarray, rng: np.random.Generator, count: int) -> None:
    """Stones, plants and other unlabelled shapes with object-like textures, painted in place."""
    height, width = canvas.shape[:2]
    for _ in range(count):
        parts, size = distractor_rig(rng), rng.uniform(9, 32)
        root = similarity(
            size, rng.uniform(-0.3, 0.3), rng.uniform(0, width), rng.uniform(0, height)
        )
        sprites = paint_rig(parts, rng, None, size, halvings=0)
        for sprite, own in zip(sprites, pose(parts, rng.uniform(0, 6)), strict=True):
            paste(canvas, sprite.levels[0], sprite.to_local[0], root, own)


def paste(
    canvas: np.ndarray, level: np.ndarray, to_local: tuple, root: np.ndarray, own: np.ndarray
) -> None:
    """Draw one sprite onto the whole canvas (slow path, used once per video)."""
    s, ox, oy = to_local
    linear = root[:, :2] @ own[:, :2]
    shift = linear @ [ox, oy] + root[:, :2] @ own[:, 2] + root[:, 2] - 0.5
    corners = (
        np.array([[0, 0], [level.shape[1], 0], [0, level.shape[0]], level.shape[1::-1]])
        @ (linear * s).T
        + shift
    )
    (x0, y0), (x1, y1) = (
        np.floor(corners.min(0)).astype(int),
        np.ceil(corners.max(0)).astype(int) + 1,
    )
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, canvas.shape[1]), min(y1, canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    warped = cv2.warpAffine(
        level, np.column_stack([linear * s, shift - [x0, y0]]), (int(x1 - x0), int(y1 - y0))
    )
    patch = canvas[y0:y1, x0:x1]
    patch *= 1 - warped[..., 3:].astype(np.float32) / 255
    patch += warped[..., :3]


def backdrop(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Canvas (H, W, 3) float32 of a random style with clutter."""
    canvas = STYLES[rng.integers(len(STYLES))](rng, height, width)
    canvas = np.ascontiguousarray(canvas, dtype=np.float32)
    add_clutter(canvas, rng, int(rng.integers(1, 6)))
    return np.clip(canvas * rng.uniform(0.75, 1.1), 0, 255)
