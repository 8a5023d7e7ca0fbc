"""Clean frames of a scene: colours, which part is seen at each pixel, silhouettes."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tpr.data.mini.actors import Actor, compose
from tpr.data.mini.scene import Scene
from tpr.data.mini.sprites import Sprite


@dataclass(frozen=True)
class Frame:
    """One clean frame.

    rgb: (H, W, 3) float32; part: (H, W) int16 index into ``Scene.part_maps`` of what is seen;
    silhouettes: per actor (H, W) bool as if nothing were in front; full_area: per actor, the
    pixels of its silhouette also outside the frame.
    """

    rgb: np.ndarray
    part: np.ndarray
    silhouettes: list[np.ndarray]
    full_area: list[int]


def render_background(scene: Scene, t: int) -> np.ndarray:
    """(H, W, 3) float32: the world texture through the camera."""
    height, width = scene.camera.size
    rows, columns = scene.canvas.shape[:2]
    view = scene.camera.map(t).copy()
    # canvas pixel i is the world point i + 0.5 - half the canvas
    view[:, 2] += view[:, :2] @ [0.5 - columns / 2, 0.5 - rows / 2] - 0.5
    return cv2.warpAffine(scene.canvas, view, (width, height), borderMode=cv2.BORDER_REFLECT_101)


def place(sprite: Sprite, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The level of ``sprite`` that is closest in resolution, and its pixel-to-image map."""
    scale = np.sqrt(abs(np.linalg.det(affine[:, :2]))) * sprite.to_local[0][0]
    k = int(np.clip(np.round(-np.log2(max(scale, 1e-3))), 0, len(sprite.levels) - 1))
    s, ox, oy = sprite.to_local[k]
    return sprite.levels[k], compose(affine, np.array([[s, 0, ox], [0, s, oy]])) - [
        [0, 0, 0.5],
        [0, 0, 0.5],
    ]


def bounds(outlines: list[np.ndarray]) -> tuple[int, int, int, int]:
    """Pixel box (x0, y0, x1, y1) around transformed outlines."""
    low = np.min([p.min(0) for p in outlines], 0)
    high = np.max([p.max(0) for p in outlines], 0)
    return (*(np.floor(low).astype(int) - 2).tolist(), *(np.ceil(high).astype(int) + 2).tolist())


def draw_actor(
    actor: Actor, maps: list[np.ndarray], first: int
) -> tuple[np.ndarray, np.ndarray, tuple]:
    """Premultiplied RGBA float32, part indices int16 and the box of one actor, not clipped."""
    outlines = [s.outline @ m[:, :2].T + m[:, 2] for s, m in zip(actor.sprites, maps, strict=True)]
    box = bounds(outlines)
    shape = (box[3] - box[1], box[2] - box[0])
    rgba, part = np.zeros((*shape, 4), np.float32), np.zeros(shape, np.int16)
    for i in sorted(range(len(maps)), key=lambda i: actor.parts[i].z):
        x0, y0, x1, y1 = bounds([outlines[i]])
        level, affine = place(actor.sprites[i], maps[i])
        affine[:, 2] -= (x0, y0)
        drawn = cv2.warpAffine(level, affine, (x1 - x0, y1 - y0))
        area = np.s_[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]]
        alpha = drawn[..., 3]
        rgba[area] *= (1 - alpha.astype(np.float32) / 255)[..., None]
        rgba[area] += drawn
        part[area][alpha > 127] = first + i
    return rgba, part, box


def overlay(
    rgb: np.ndarray, part: np.ndarray, rgba: np.ndarray, own: np.ndarray, box: tuple
) -> np.ndarray:
    """Put one actor into the frame in place; returns its silhouette (H, W)."""
    height, width = part.shape
    silhouette = np.zeros((height, width), bool)
    x0, y0, x1, y1 = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    if x1 <= x0 or y1 <= y0:
        return silhouette
    inner = np.s_[y0 - box[1] : y1 - box[1], x0 - box[0] : x1 - box[0]]
    target = np.s_[y0:y1, x0:x1]
    rgb[target] *= 1 - rgba[inner][..., 3:] / 255
    rgb[target] += rgba[inner][..., :3]
    solid = own[inner] > 0
    part[target][solid] = own[inner][solid]
    silhouette[target] = solid
    return silhouette


def render(scene: Scene, t: int) -> Frame:
    """Clean frame ``t`` of ``scene``."""
    rgb = render_background(scene, t)
    part = np.zeros(rgb.shape[:2], np.int16)
    maps, first = scene.part_maps(t), 1
    silhouettes, areas = [], []
    for actor in scene.actors:
        own_maps = maps[first : first + len(actor.parts)]
        rgba, own, box = draw_actor(actor, own_maps, first)
        silhouettes.append(overlay(rgb, part, rgba, own, box))
        areas.append(int(np.count_nonzero(own)))
        first += len(actor.parts)
    return Frame(rgb, part, silhouettes, areas)


def part_owner(scene: Scene) -> np.ndarray:
    """Actor index of every part index; -1 for the background."""
    counts = [len(actor.parts) for actor in scene.actors]
    return np.concatenate([[-1], np.repeat(np.arange(len(counts)), counts)]).astype(int)
