"""Scenes that move as recorded footage does (docs/mini-world.md): objects go to and fro within the
view, slow down and turn round, before a camera that pans, sways and zooms.

The camera, the cast, the backdrop and each object have random streams of their own, and what they
draw does not depend on ``Motion``: the same video at another speed shows the same things elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tpr.data.mini.actors import Actor, build_rig, is_top_view, paint_rig, unit_area
from tpr.data.mini.backdrop import backdrop
from tpr.data.mini.rigs import CATEGORIES
from tpr.data.mini.scene import CANVAS_FACTOR, Camera, Role, Scene, meeting, role
from tpr.data.mini.settings import Motion, SplitSettings

MOST = 4  # objects of a video, distractors included
PLAIN_SPEED = 3.5  # pixels a frame at 96 rows: the median of `scene.role`
UPRIGHT = 0.6  # what of it is left of motion up and down, which soon leads out of the view
LARGEST_ZOOM, LARGEST_ROLL = 0.25, 0.15  # of a video: logarithm, radians
# How far the camera goes from the middle, as shares of the frame: with zoom and roll its view stays
# on the painted canvas.
CAMERA_REACH = np.array([0.36, 0.27])
LEAST_REACH = np.array([0.2, 0.08])  # of objects, likewise; small ones go farther
SPACE = 0.5  # between an object's middle and the border where it turns, in its sizes
FASTEST_TURN = 0.9  # radians a frame of an object's swing: to and fro in seven frames or more
BREADTH = 0.8  # of an object seen from the front, as a share of its length: it never is a line


@dataclass(frozen=True)
class Operator:
    """A camera, and without its sway what objects are followed by: (T, 2) centres."""

    camera: Camera
    steady: np.ndarray


def make_moving_scene(rng: np.random.Generator, s: SplitSettings) -> Scene:
    """A random world as ``s.motion`` says; as `scene.make_scene`."""
    assert s.motion is not None
    of_camera, of_cast, of_backdrop, *of_actors = rng.spawn(3 + MOST)
    operator = hand_held(of_camera, s, s.motion)
    roles = cast_roles(of_cast, s, s.motion)
    actors = [
        moving_actor(own, r, operator, s, s.motion)
        for own, r in zip(of_actors, roles, strict=False)
    ]
    canvas = backdrop(of_backdrop, CANVAS_FACTOR * s.height, CANVAS_FACTOR * s.width)
    return Scene(operator.camera, actors, canvas)


def hand_held(rng: np.random.Generator, s: SplitSettings, motion: Motion) -> Operator:
    """A camera that pans (three of four do), zooms (half do) and sways."""
    time = s.step * (np.arange(s.frames) - (s.frames - 1) / 2)
    span, unit = max(s.frames - 1, 1), s.height / 96
    heading, pans = rng.uniform(0, 2 * np.pi), rng.random() < 0.75
    pan = pans * rng.uniform(0.2, 1.8) * motion.pan * unit
    velocity = pan * np.array([np.cos(heading), 0.5 * np.sin(heading)])
    sway = rng.choice([0.1, 1.0, 1.9]) * motion.sway * unit
    swayed = sway * np.stack([wave(rng, time), 0.4 * wave(rng, time)], 1)
    start = unit * rng.uniform(-12, 12, 2)
    reach = CAMERA_REACH * (s.width, s.height)
    steady = reach * np.tanh((start + time[:, None] * velocity) / reach)
    centre = reach * np.tanh((start + time[:, None] * velocity + swayed) / reach)
    zooms, zoom = rng.random() < 0.5, clipped(rng.normal(0, 0.14), LARGEST_ZOOM)
    zoomed = clipped(zooms * zoom * time / span, LARGEST_ZOOM / 2)
    roll = clipped(rng.normal(0, 0.04) + rng.normal(0, 0.06) * time / span, LARGEST_ROLL)
    camera = Camera(centre, np.exp(zoomed), roll, velocity, (s.height, s.width))
    return Operator(camera, steady)


def clipped(value: np.ndarray | float, most: float) -> np.ndarray:
    return np.clip(value, -most, most)


def wave(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """(T,) a smooth curve around 0 whose mean speed is 1 a frame."""
    frequency = rng.uniform(0.5, 1.2)
    return np.pi / 2 / frequency * np.sin(frequency * time + rng.uniform(0, 2 * np.pi))


def cast_roles(rng: np.random.Generator, s: SplitSettings, motion: Motion) -> list[Role]:
    """As many objects as `scene.cast_roles` has, in random depth order."""
    count = int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15]))
    first = role(rng, s, CATEGORIES[rng.integers(len(CATEGORIES))])
    roles = [first]
    for _ in range(count - 1):
        same, own = rng.random() < 0.45, CATEGORIES[rng.integers(len(CATEGORIES))]
        other = role(rng, s, first.category if same else own)
        met, meets = meeting(rng, first, other), rng.random() < motion.crossing
        roles.append(met if meets else aside(first, other, s, motion))
    roles += [role(rng, s, None) for _ in range(int(rng.random() < 0.3))]
    return [roles[i] for i in rng.permutation(len(roles))]


def aside(first: Role, other: Role, s: SplitSettings, motion: Motion) -> Role:
    """``other`` keeps away from ``first``: it goes beside it, on the side with more room."""
    room = np.sign(s.width / 2 - first.point[0]) or 1.0
    distance = motion.aside * (first.size + other.size) / 2
    x = np.clip(first.point[0] + room * distance, 0.05 * s.width, 0.95 * s.width)
    return replace(
        other, when=first.when, point=np.array([x, other.point[1]]), velocity=first.velocity
    )


def to_and_fro(
    start: np.ndarray, velocity: np.ndarray, time: np.ndarray, middle: np.ndarray, reach: np.ndarray
) -> np.ndarray:
    """(T, 2) a path through ``start`` at time 0 that swings about ``middle`` by ``reach``, or as
    far as ``start`` lies; ``velocity`` is the one with which it passes the middle."""
    reach = np.maximum(reach, 1.05 * np.abs(start - middle))
    phase = np.arcsin((start - middle) / reach)
    return middle + reach * np.sin(phase + time[:, None] * clipped(velocity / reach, FASTEST_TURN))


def moving_actor(
    rng: np.random.Generator, r: Role, operator: Operator, s: SplitSettings, motion: Motion
) -> Actor:
    """Build, paint and animate one object."""
    of_look, of_path = rng.spawn(2)
    time, unit = s.step * (np.arange(s.frames) - r.when), s.height / 96
    parts = build_rig(of_look, r.category)
    area = unit_area(parts)
    # of a size that no setting of motion changes, so that textures are the same in all
    halvings = 2 if s.frames > 1 else 0
    sprites = paint_rig(parts, of_look, r.category, float(1.3 * r.size / np.sqrt(area)), halvings)
    trend = of_path.choice([-1, 1]) * of_path.uniform(0, 2) * np.log(motion.growth)
    size = np.clip(r.size * np.exp(trend * time / 7), 11 * unit, 96 * unit)
    position, direction = world_path(of_path, r, operator, time, s, motion)
    angle, facing = heading(of_path, r, direction, time, unit)
    gait = of_path.uniform(0, 2 * np.pi) + time * of_path.uniform(0.5, 1.15) * motion.gait
    scale = size / np.sqrt(area)
    return Actor(r.category, parts, sprites, position, scale, angle, gait, facing)


def world_path(
    rng: np.random.Generator,
    r: Role,
    operator: Operator,
    time: np.ndarray,
    s: SplitSettings,
    motion: Motion,
) -> tuple[np.ndarray, np.ndarray]:
    """(T, 2) world positions, and velocities before the backdrop."""
    camera, anchor = operator.camera, int(round(r.when))
    view = camera.map(anchor)
    frame = np.array([s.width, s.height])
    middle = frame * (0.5 + rng.uniform(-0.06, 0.06, 2))
    velocity = r.velocity * [1, UPRIGHT] * rng.lognormal(0, 0.5) * motion.speed / PLAIN_SPEED
    beat, start = rng.uniform(0.5, 1.1), rng.uniform(0, 2 * np.pi)
    strength = rng.uniform(0.1, 0.6)  # of its hurrying and dawdling

    reach = np.maximum(frame / 2 - SPACE * r.size, LEAST_REACH * frame)

    def in_view(when: np.ndarray) -> np.ndarray:
        own = when + strength / beat * (np.sin(beat * when + start) - np.sin(start))
        return to_and_fro(r.point, velocity, own, middle, reach)

    follow = rng.uniform(0.5, 1.0)
    here = np.linalg.solve(view[:, :2], r.point - view[:, 2])
    followed = follow * (operator.steady - operator.steady[anchor])
    position = here + followed + (in_view(time) - r.point) / camera.zoom[:, None]
    direction = 2 * (in_view(time + 0.25) - in_view(time - 0.25)) + follow * camera.velocity
    return position, direction


def heading(
    rng: np.random.Generator, r: Role, direction: np.ndarray, time: np.ndarray, unit: float
) -> tuple[np.ndarray, np.ndarray]:
    """Angle and facing (T,) with which the object looks where it goes."""
    sway = rng.uniform(0, 0.12) * np.sin(time * rng.uniform(0.5, 1.2) + rng.uniform(0, 6))
    tilt = rng.normal(0, 0.14)
    if is_top_view(r.category):
        course = np.unwrap(np.arctan2(direction[:, 1], direction[:, 0]))
        return course + tilt + sway, np.ones_like(time)
    towards = np.tanh(direction[:, 0] / (2.5 * unit))
    facing = np.where(towards < 0, -1, 1) * np.maximum(np.abs(towards), BREADTH)
    return tilt + sway, facing
