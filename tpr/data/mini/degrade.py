"""Temporally sparse degradations that make a single frame hard and its neighbour worth having."""

from __future__ import annotations

import cv2
import numpy as np

from tpr.data.mini.backdrop import muted, octaves
from tpr.data.mini.outlines import leaf
from tpr.data.mini.settings import SplitSettings

KINDS = ("motion_blur", "defocus", "occluder", "low_light", "blocks", "haze")
WEIGHTS = (0.24, 0.2, 0.18, 0.16, 0.12, 0.1)


def schedule(rng: np.random.Generator, s: SplitSettings) -> list[dict | None]:
    """Per frame {"kind", "severity"} or None; frame 0 is clean unless it is the only one."""
    hit = degraded_frames(rng, s)
    plan: list[dict | None] = []
    for t in range(s.frames):
        last = plan[-1] if plan else None
        if not hit[t]:
            plan.append(None)
            continue
        kind = last["kind"] if last else KINDS[rng.choice(len(KINDS), p=WEIGHTS)]
        if s.dose and s.dose.factor == "occlusion":
            kind = "occluder"
        plan.append(
            {"kind": kind, "severity": round(float(s.severity * rng.uniform(0.65, 1.45)), 4)}
        )
    return plan


def degraded_frames(rng: np.random.Generator, s: SplitSettings) -> np.ndarray:
    """(T,) bool with a mean of ``s.degraded``; runs of more than two frames are made rare."""
    if s.frames == 1:
        return rng.random(1) < s.degraded
    wanted = s.degraded * s.frames + rng.uniform(-1.2, 1.2)
    count = int(np.clip(np.floor(wanted + rng.random()), 0, s.frames - 1))
    for _ in range(12):
        hit = np.zeros(s.frames, bool)
        hit[1 + rng.permutation(s.frames - 1)[:count]] = True
        longest = max(
            (len(run) for run in "".join("x" if h else " " for h in hit).split()), default=0
        )
        if longest <= 2:
            break
    return hit  # pyright: ignore[reportPossiblyUnboundVariable]: it was drawn at least once


def blur_kernel(rng: np.random.Generator, length: float, direction: np.ndarray) -> np.ndarray:
    """Normalised curved streak of about ``length`` pixels along ``direction``."""
    size = int(length) // 2 * 2 + 3
    kernel = np.zeros((size, size), np.float32)
    t = np.linspace(-0.5, 0.5, 9)[:, None]
    side = np.array([-direction[1], direction[0]]) * rng.uniform(-0.8, 0.8)
    path = (t * direction + (t**2 - 0.08) * side) * length + size // 2
    cv2.polylines(kernel, [np.round(path * 16).astype(np.int32)], False, 1.0, 1, cv2.LINE_AA, 4)
    return kernel / kernel.sum()


def motion_blur(
    rgb: np.ndarray, level: float, rng: np.random.Generator, motion: np.ndarray
) -> np.ndarray:
    """Smear along the motion (image pixels a frame) of what is filmed."""
    norm = float(np.hypot(*motion))
    angle = rng.uniform(0, 2 * np.pi)
    direction = motion / norm if norm > 0.5 else np.array([np.cos(angle), np.sin(angle)])
    length = max((21 + 0.9 * min(norm, 12)) * level, 1)
    return cv2.filter2D(
        rgb, -1, blur_kernel(rng, length, direction), borderType=cv2.BORDER_REFLECT_101
    )


def defocus(rgb: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Out-of-focus disc."""
    radius = max(10.0 * level, 0.5)
    grid = np.arange(-int(radius) - 1, int(radius) + 2)
    disc = np.clip(radius + 0.5 - np.hypot(*np.meshgrid(grid, grid)), 0, 1).astype(np.float32)
    return cv2.filter2D(rgb, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101)


def low_light(rgb: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Under-exposed with sensor noise that is coarse like an upscaled one."""
    gain = 0.2 / max(level, 0.3)
    coarse = rng.standard_normal(
        (rgb.shape[0] // 2 + 1, rgb.shape[1] // 2 + 1, 3), dtype=np.float32
    )
    noise = cv2.resize(coarse, None, fx=2, fy=2)[: rgb.shape[0], : rgb.shape[1]]
    return rgb * gain + noise * 15 * level + 8


def blocks(rgb: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Broken compression: coarse JPEG, lost and displaced macroblocks."""
    height, width = rgb.shape[:2]
    image = np.clip(rgb, 0, 255).astype(np.uint8)
    data = cv2.imencode(
        ".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(np.clip(8 - 5 * level, 1, 60))]
    )[1]
    # what was encoded above decodes
    out = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(  # pyright: ignore[reportOptionalMemberAccess]
        np.float32
    )
    side = 12
    for y in range(0, height, side):
        for x in range(0, width, side):
            if rng.random() < 0.4 * level:
                sy, sx = int(rng.integers(0, height - side)), int(rng.integers(0, width - side))
                tile = out[y : y + side, x : x + side]
                tile[:] = (
                    out[sy : sy + tile.shape[0], sx : sx + tile.shape[1]].mean((0, 1))
                    if rng.random() < 0.5
                    else out[sy : sy + tile.shape[0], sx : sx + tile.shape[1]]
                )
    return out


def haze(rgb: np.ndarray, level: float, rng: np.random.Generator) -> np.ndarray:
    """Fog of varying density with little contrast left, and noise."""
    height, width = rgb.shape[:2]
    keep = (
        np.clip(0.17 / max(level, 0.2), 0, 1)
        * (0.6 + 0.8 * octaves(rng, height, width, 2, 2))[..., None]
    )
    fog = rng.uniform(150, 225)
    soft = cv2.GaussianBlur(rgb, (0, 0), max(1.6 * level, 0.1))
    return fog + (soft - fog) * keep + rng.standard_normal(rgb.shape, dtype=np.float32) * 9 * level


def occluder_cover(rng: np.random.Generator, height: int, width: int, level: float) -> np.ndarray:
    """(H, W) float32 coverage of leaves or posts close to the lens."""
    cover, unit = np.zeros((height, width), np.uint8), height / 96
    posts = rng.random() < 0.45
    target, tries = min(0.42 * level, 0.55), 0
    while np.count_nonzero(cover) < target * cover.size and tries < 40:
        tries += 1
        angle = rng.normal(0, 0.25) if posts else rng.uniform(0, 2 * np.pi)
        length, wide = (
            (4 * height, rng.uniform(5, 11) * unit) if posts else (rng.uniform(28, 60) * unit, 0)
        )
        shape = leaf(length, wide / 1.0 if posts else length * rng.uniform(0.14, 0.24))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        base = (
            rng.uniform(0, [width, height])
            if not posts
            else np.array([rng.uniform(0, width), 2.4 * height])
        )
        cv2.fillPoly(
            cover, [np.round((shape @ turn.T + base) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4
        )
    return cv2.GaussianBlur(cover.astype(np.float32) / 255, (0, 0), 0.9)


def occluder(
    rgb: np.ndarray, level: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Something passes close to the lens; returns the frame and the hidden pixels (H, W) bool."""
    height, width = rgb.shape[:2]
    cover = occluder_cover(rng, height, width, level)
    colour = muted(rng, (0.1, 0.6)) * (0.6 + 0.8 * octaves(rng, height, width, 6, 3)[..., None])
    soft = cv2.GaussianBlur(rgb, (0, 0), max(1.8 * level, 0.1))
    return soft + (colour - soft) * cover[..., None], cover > 0.5


def degrade(
    rgb: np.ndarray, plan: dict | None, rng: np.random.Generator, motion: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Apply one frame's plan; returns uint8 RGB and the pixels hidden by a brief occluder."""
    hidden = np.zeros(rgb.shape[:2], bool)
    if plan is not None and plan["severity"] > 0:
        kind, level = plan["kind"], plan["severity"]
        if kind == "occluder":
            rgb, hidden = occluder(rgb, level, rng)
        elif kind == "motion_blur":
            rgb = motion_blur(rgb, level, rng, motion)
        else:
            rgb = {"defocus": defocus, "low_light": low_light, "blocks": blocks, "haze": haze}[
                kind
            ](rgb, level, rng)
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8), hidden
