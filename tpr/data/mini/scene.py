"""The world of one video: camera, objects, their paths and meetings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tpr.data.mini.actors import (
    SIZE_FACTOR,
    Actor,
    build_rig,
    compose,
    is_top_view,
    paint_rig,
    similarity,
    unit_area,
)
from tpr.data.mini.backdrop import backdrop
from tpr.data.mini.rigs import CATEGORIES
from tpr.data.mini.settings import SplitSettings

CANVAS_FACTOR = 2  # the painted world is twice the frame in both directions


@dataclass(frozen=True)
class Camera:
    """World to image: zoom and roll about the point looked at; arrays over the frames."""

    centre: np.ndarray  # (T, 2) world point in the middle of the frame
    zoom: np.ndarray  # (T,)
    roll: np.ndarray  # (T,)
    velocity: np.ndarray  # (2,) mean pan, world pixels a frame
    size: tuple[int, int]  # (H, W) of the image

    def map(self, t: int) -> np.ndarray:
        """World to continuous image coordinates (pixel i spans [i, i + 1])."""
        turn = similarity(self.zoom[t], self.roll[t], 0, 0)
        turn[:, 2] = np.array(self.size[::-1]) / 2 - turn[:, :2] @ self.centre[t]
        return turn


@dataclass(frozen=True)
class Scene:
    """Everything that determines the clean frames. ``actors`` are ordered from far to near."""

    camera: Camera
    actors: list[Actor]
    canvas: np.ndarray  # world texture; its centre is the world origin

    def part_maps(self, t: int) -> list[np.ndarray]:
        """Maps to image coordinates: index 0 the background (world), then all parts in order."""
        view = self.camera.map(t)
        return [view, *(compose(view, m) for actor in self.actors for m in actor.maps(t))]


def make_camera(rng: np.random.Generator, s: SplitSettings) -> Camera:
    """Still, panning, zooming or hand-held."""
    time = np.arange(s.frames) - (s.frames - 1) / 2
    span = max(s.frames - 1, 1)
    speed = 0.0 if rng.random() < 0.25 else rng.uniform(0.5, 4.5)
    direction = rng.uniform(0, 2 * np.pi)
    velocity = speed * np.array([np.cos(direction), 0.5 * np.sin(direction)])
    shake = rng.normal(0, rng.choice([0.2, 0.8, 1.6]), (s.frames, 2))
    zoom = rng.normal(0, 0.14) if rng.random() < 0.5 else 0.0
    roll = rng.normal(0, 0.04) + rng.normal(0, 0.06) * time / span
    start = rng.uniform(-12, 12, 2)
    return Camera(
        start + time[:, None] * velocity + shake,
        np.exp(zoom * time / span),
        roll,
        velocity,
        (s.height, s.width),
    )


@dataclass(frozen=True)
class Role:
    """Where an object is when: at ``point`` (image pixels) at time ``when``, with ``velocity``."""

    category: str | None
    when: float
    point: np.ndarray
    velocity: np.ndarray  # image pixels a frame
    size: float  # square root of the area at ``when``, pixels


def cast_roles(rng: np.random.Generator, s: SplitSettings) -> list[Role]:
    """Annotated objects (1.7 a video, as in YouTube-VIS) and moving distractors, in random depth
    order."""
    count = int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
    first = role(rng, s, CATEGORIES[rng.integers(len(CATEGORIES))])
    roles = [first]
    for _ in range(count - 1):
        same = rng.random() < 0.45
        other = role(rng, s, first.category if same else CATEGORIES[rng.integers(len(CATEGORIES))])
        roles.append(meeting(rng, first, other) if rng.random() < 0.6 else other)
    roles += [role(rng, s, None) for _ in range(int(rng.random() < 0.3))]
    return [roles[i] for i in rng.permutation(len(roles))]


def role(rng: np.random.Generator, s: SplitSettings, category: str | None) -> Role:
    """An object somewhere in the frame; one in six only enters or leaves it."""
    frame, unit = np.array([s.width, s.height]), s.height / 96
    low, high = (0.02, 0.98) if rng.random() < 0.17 else (0.2, 0.8)
    speed, heading = unit * min(rng.lognormal(1.25, 0.55), 11), rng.uniform(0, 2 * np.pi)
    velocity = speed * np.array([np.cos(heading), 0.6 * np.sin(heading)])
    size = unit * np.clip(rng.lognormal(np.log(64), 0.34), 22, 92)
    size *= SIZE_FACTOR.get(category, 1.0) if category else 0.6
    return Role(
        category,
        rng.uniform(0, max(s.frames - 1, 0)),
        frame * rng.uniform(low, high, 2),
        velocity,
        size,
    )


def meeting(rng: np.random.Generator, first: Role, other: Role) -> Role:
    """``other`` crosses ``first``: about the same place and time, often against its motion."""
    offset = rng.uniform(-0.55, 0.55, 2) * (first.size + other.size) / 2
    velocity = other.velocity
    if rng.random() < 0.6:
        velocity = -first.velocity * rng.uniform(0.6, 1.3) + rng.normal(0, 1, 2)
    return Role(other.category, first.when, first.point + offset, velocity, other.size)


def scale_trend(rng: np.random.Generator) -> float:
    """Logarithm of the scale ratio over a clip: half of the objects approach or recede."""
    ratio = rng.uniform(1.5, 2.5) if rng.random() < 0.5 else rng.uniform(1.0, 1.25)
    return float(rng.choice([-1, 1]) * np.log(ratio))


def world_path(rng: np.random.Generator, r: Role, camera: Camera, time: np.ndarray) -> np.ndarray:
    """(T, 2) world positions: the camera mostly follows, plus a slow wobble."""
    anchor = int(round(r.when))
    view = camera.map(anchor)
    start = np.linalg.solve(view[:, :2], r.point - view[:, 2])
    follow = rng.uniform(0.4, 1.1)
    wobble = rng.uniform(0, 3, 2) * np.sin(
        time[:, None] * rng.uniform(0.4, 1.2) + rng.uniform(0, 6, 2)
    )
    return start + time[:, None] * (r.velocity + follow * camera.velocity) + wobble


def heading(rng: np.random.Generator, r: Role, time: np.ndarray) -> tuple[np.ndarray, bool]:
    """Angle (T,) and mirroring so that the object looks where it goes."""
    sway = rng.uniform(0, 0.12) * np.sin(time * rng.uniform(0.5, 1.2) + rng.uniform(0, 6))
    turn = rng.normal(0, 0.03) * time
    if is_top_view(r.category):
        return np.arctan2(r.velocity[1], r.velocity[0]) + rng.normal(
            0, 0.2
        ) + sway + 2 * turn, False
    return rng.normal(0, 0.14) + sway + turn, bool(r.velocity[0] < 0)


def make_actor(rng: np.random.Generator, r: Role, camera: Camera, frames: int) -> Actor:
    """Build, paint and animate one object."""
    time = np.arange(frames) - r.when
    trend = scale_trend(rng) if frames > 1 else 0.0
    parts = build_rig(rng, r.category)
    size = np.clip(r.size * np.exp(trend * time / max(frames - 1, 1)), 11, 96 * camera.size[0] / 96)
    scale = size / np.sqrt(unit_area(parts))
    angle, mirror = heading(rng, r, time)
    gait = rng.uniform(0, 2 * np.pi) + time * rng.uniform(0.5, 1.15)
    position = world_path(rng, r, camera, time)
    halvings = 2 if frames > 1 else 0  # one frame needs one resolution
    sprites = paint_rig(parts, rng, r.category, float((scale * camera.zoom).max()), halvings)
    facing = np.full(frames, -1.0 if mirror else 1.0)
    return Actor(r.category, parts, sprites, position, scale, angle, gait, facing)


def make_scene(rng: np.random.Generator, s: SplitSettings) -> Scene:
    """A random world with its camera and objects."""
    camera = make_camera(rng, s)
    actors = [make_actor(rng, r, camera, s.frames) for r in cast_roles(rng, s)]
    return Scene(camera, actors, backdrop(rng, CANVAS_FACTOR * s.height, CANVAS_FACTOR * s.width))
