"""One finished video: frames, visible masks and what happened in it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tpr.data.mini.degrade import degrade, schedule
from tpr.data.mini.doses import dosed
from tpr.data.mini.moving import make_moving_scene
from tpr.data.mini.render import Frame, part_owner, render
from tpr.data.mini.scene import Scene, make_scene
from tpr.data.mini.settings import SplitSettings, video_rng

MIN_VISIBLE = 0.25  # share of the silhouette; smaller fragments are not annotated
MIN_PIXELS = 40  # at 96 rows; nobody outlines less
MAX_ATTEMPTS = 50


@dataclass(frozen=True)
class Video:
    """images: (T, H, W, 3) uint8; masks: per annotated actor, (H, W) bool or None per frame."""

    scene: Scene
    frames: list[Frame]
    images: list[np.ndarray]
    actors: list[int]
    masks: list[list[np.ndarray | None]]
    plan: list[dict | None]
    hidden: list[np.ndarray]  # pixels behind a brief occluder


def visible_masks(scene: Scene, frame: Frame, hidden: np.ndarray) -> list[np.ndarray | None]:
    """Per actor the pixels an annotator outlines, or None if too little of it is seen."""
    owner = part_owner(scene)[frame.part]
    least = MIN_PIXELS * (scene.camera.size[0] / 96) ** 2
    masks: list[np.ndarray | None] = []
    for i, full in enumerate(frame.full_area):
        mask = (owner == i) & ~hidden
        seen = int(np.count_nonzero(mask))
        masks.append(mask if seen >= max(MIN_VISIBLE * full, least) else None)
    return masks


def image_motion(scene: Scene, t: int) -> np.ndarray:
    """(2,) displacement in the image of the nearest annotated object since the frame before."""
    other = t - 1 if t > 0 else min(1, len(scene.actors[0].scale) - 1)
    named = [actor for actor in scene.actors if actor.category]
    here, there = scene.camera.map(t), scene.camera.map(other)
    position = named[-1].position
    return here[:, :2] @ position[t] + here[:, 2] - there[:, :2] @ position[other] - there[:, 2]


def attempt(settings: SplitSettings, seed: int, split: str, index: int, number: int) -> Video:
    """Video from the ``number``-th random stream; it may turn out without any track."""
    settings = dosed(settings)
    make = make_moving_scene if settings.motion else make_scene
    scene = make(video_rng(seed, split, index, f"scene{number}"), settings)
    rng = video_rng(seed, split, index, f"degrade{number}")
    plan, frames = schedule(rng, settings), [render(scene, t) for t in range(settings.frames)]
    # in videos that differ by a dose no frame's noise depends on the frames before
    noise = rng.spawn(len(frames)) if settings.dose else [rng] * len(frames)
    shots = [
        degrade(f.rgb, plan[t], noise[t], image_motion(scene, t)) for t, f in enumerate(frames)
    ]
    hidden = [shot[1] for shot in shots]
    seen = [visible_masks(scene, f, h) for f, h in zip(frames, hidden, strict=True)]
    tracks = {i: [masks[i] for masks in seen] for i, a in enumerate(scene.actors) if a.category}
    kept = [i for i, masks in tracks.items() if any(m is not None for m in masks)]
    images = [shot[0] for shot in shots]
    return Video(scene, frames, images, kept, [tracks[i] for i in kept], plan, hidden)


def make_video(settings: SplitSettings, seed: int, split: str, index: int) -> Video:
    """The ``index``-th video of ``split``: a function of its arguments alone."""
    for number in range(MAX_ATTEMPTS):
        video = attempt(settings, seed, split, index, number)
        if video.actors or settings.dose:  # another attempt would show other things
            return video
    raise ValueError(
        f"mini data: no visible object in {MAX_ATTEMPTS} attempts at video {index} of {split!r};"
        f" lower the severity ({settings.severity})"
    )


def overlaps(video: Video) -> list[float]:
    """Per frame the largest share of a silhouette covered by or covering another annotated one."""
    result = []
    for frame in video.frames:
        shapes = [frame.silhouettes[i] for i in video.actors]
        best = 0.0
        for a, b in combinations(shapes, 2):
            smaller = min(np.count_nonzero(a), np.count_nonzero(b))
            best = max(best, np.count_nonzero(a & b) / smaller if smaller else 0.0)
        result.append(round(best, 4))
    return result


def scale_changes(video: Video) -> list[float]:
    """Per track the ratio of its largest to its smallest image scale over its frames."""
    ratios = []
    for i, masks in zip(video.actors, video.masks, strict=True):
        present = np.array([m is not None for m in masks])
        scale = (video.scene.actors[i].scale * video.scene.camera.zoom)[present]
        ratios.append(round(float(scale.max() / scale.min()), 4))
    return ratios
