"""One factor of a split changed and all else equal: the same objects, looks, paths and noise.

A split with ``dose: {factor: speed, value: 2}`` holds the videos that the same split has at any
other value of that factor, video by video; docs/mini-world.md says what each factor is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from tpr.data.mini.settings import SplitSettings

ASIDE = (1.5, 0.4)  # from middle to middle of two objects, in sizes


def speed(s: SplitSettings, value: float) -> SplitSettings:
    """All motion of objects and camera so many times as fast."""
    assert s.motion is not None
    faster = {name: value * getattr(s.motion, name) for name in ("speed", "pan", "sway")}
    return replace(s, motion=replace(s.motion, **faster))


def scale(s: SplitSettings, value: float) -> SplitSettings:
    """The median object is so many times as large at one end of 8 frames as at the other."""
    assert s.motion is not None
    return replace(s, motion=replace(s.motion, growth=value))


def overlap(s: SplitSettings, value: float) -> SplitSettings:
    """No object crosses the first; others go far from it (0), closer, or half hidden by it (1)."""
    assert s.motion is not None
    aside = ASIDE[0] + value * (ASIDE[1] - ASIDE[0])
    return replace(s, motion=replace(s.motion, crossing=0, aside=aside))


def degradation(s: SplitSettings, value: float) -> SplitSettings:
    """Severity of the degraded frames; also of occluders, where these are all there is."""
    return replace(s, severity=value)


def distance(s: SplitSettings, value: float) -> SplitSettings:
    """Time between frames, in frames: what is left of a longer video (``SplitSettings.step``)."""
    return s


FACTORS: Mapping[str, Callable[[SplitSettings, float], SplitSettings]] = {
    "speed": speed,
    "scale": scale,
    "overlap": overlap,
    "occlusion": degradation,  # every degraded frame has an occluder before the lens
    "degradation": degradation,
    "distance": distance,
}


def dosed(s: SplitSettings) -> SplitSettings:
    """Settings with the dose applied, which still name it. Raises ValueError for one out of
    range."""
    return s if s.dose is None else FACTORS[s.dose.factor](s, s.dose.value)
