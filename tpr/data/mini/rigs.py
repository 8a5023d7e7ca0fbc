"""The ten categories: their rigs and how they are viewed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tpr.data.mini.parts import Part
from tpr.data.mini.swimmers import bird, butterfly, fish, snake, turtle
from tpr.data.mini.vehicles import airplane, car
from tpr.data.mini.walkers import dog, giraffe, person

RIGS: dict[str, Callable[[], list[Part]]] = {
    f.__name__: cache(f)
    for f in (fish, bird, dog, giraffe, snake, car, airplane, turtle, person, butterfly)
}
CATEGORIES: tuple[str, ...] = tuple(RIGS)
# How an object is turned: "side" views are mirrored to face their motion, "top" views rotated.
VIEW = {name: "top" if name in ("snake", "turtle") else "side" for name in CATEGORIES}
