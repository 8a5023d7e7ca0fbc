"""Exact optical flow between neighbouring frames, from the geometry of the scene.

Convention: ``flow[y, x] = (dx, dy)`` in pixels, for the point seen at pixel (x, y) of frame t: it
lies at (x + dx, y + dy) in the other frame. So ``other[y + dy, x + dx]`` reproduces frame t where
the point is visible in both. Forward flow leads to t + 1, backward flow to t - 1. Degradations,
brief occluders included, do not change the flow: it is that of the clean frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from tpr.data.mini.actors import compose, invert
from tpr.data.mini.settings import SplitSettings, split_settings
from tpr.data.mini.video import Video, make_video


@lru_cache(maxsize=4)
def _video(settings: SplitSettings, seed: int, split: str, index: int) -> Video:
    return make_video(settings, seed, split, index)


def _open(
    settings: Mapping, split: str, index: int, t: int, backward: bool, other: int | None = None
) -> tuple[Video, int]:
    """Video and the number of the other frame; ValueError if there is none."""
    if split not in settings["splits"]:
        raise ValueError(f"mini data: no split {split!r}; there are {sorted(settings['splits'])}")
    chosen = split_settings(split, settings["splits"][split])
    if other is None:
        other = t - 1 if backward else t + 1
    if not (0 <= t < chosen.frames and 0 <= other < chosen.frames):
        raise ValueError(f"mini data: no flow from frame {t} to {other} of {chosen.frames} frames")
    if not 0 <= index < chosen.videos:
        raise ValueError(f"mini data: no video {index} among the {chosen.videos} of {split!r}")
    return _video(chosen, int(settings["seed"]), split, index), other


def dense_flow(video: Video, t: int, other: int) -> np.ndarray:
    """(H, W, 2) float32 flow from frame ``t`` to frame ``other`` of ``video``."""
    part = video.frames[t].part
    here, there = video.scene.part_maps(t), video.scene.part_maps(other)
    result = np.zeros((*part.shape, 2), np.float32)
    for index in np.unique(part):
        move = compose(there[index], invert(here[index]))
        y, x = np.nonzero(part == index)
        points = np.stack([x, y], 1) + 0.5  # pixel centres in continuous coordinates
        result[y, x] = points @ move[:, :2].T + move[:, 2] - points
    return result


def flow(
    settings: Mapping,
    split: str,
    video_index: int,
    t: int,
    *,
    backward: bool = False,
    other: int | None = None,
) -> np.ndarray:
    """(H, W, 2) float32 exact flow of frame ``t`` to t + 1, to t - 1 if ``backward``, or to
    frame ``other``.

    ``settings`` is the content of info.json (or ``resolve(...)``); ``video_index`` counts from 0 in
    the order of the JSON. The video is rendered again on demand (about 30 ms, the last are kept).
    """
    video, other = _open(settings, split, video_index, t, backward, other)
    return dense_flow(video, t, other)


def flow_valid(
    settings: Mapping,
    split: str,
    video_index: int,
    t: int,
    *,
    backward: bool = False,
    other: int | None = None,
) -> np.ndarray:
    """(H, W) bool: the point is inside the other frame and seen there (same part at its target)."""
    video, other = _open(settings, split, video_index, t, backward, other)
    moved = dense_flow(video, t, other)
    part, target = video.frames[t].part, np.pad(video.frames[other].part, 1, constant_values=-1)
    height, width = part.shape
    y, x = np.mgrid[:height, :width]
    fx, fy = x + moved[..., 0], y + moved[..., 1]
    inside = (fx >= 0) & (fx <= width - 1) & (fy >= 0) & (fy <= height - 1)
    ix, iy = (
        np.clip(np.floor(f), -1, n).astype(int) + 1 for f, n in ((fx, width - 1), (fy, height - 1))
    )
    corners = [(iy, ix), (iy + 1, ix), (iy, ix + 1), (iy + 1, ix + 1)]
    # all four neighbours that bilinear sampling would touch, where it has any weight
    same = [target[a, np.minimum(b, width + 1)] == part for a, b in corners]
    return inside & (np.sum(same, 0) >= 3)
