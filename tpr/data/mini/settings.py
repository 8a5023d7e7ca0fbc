"""Settings of a generated data set, and the random stream of every video."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from tpr.data.dose_limits import DOSES

GENERATOR_VERSION = 2


@dataclass(frozen=True)
class Motion:
    """Of a split that moves as recorded footage does (docs/mini-world.md). What is random does not
    depend on these, so that the same video with other values differs in them alone.

    ``speed``: of objects in the middle of their path, pixels a frame at 96 rows, the median;
    ``pan`` and ``sway``: of a camera that does so, likewise, the mean; ``growth``: factor between
    the sizes of an object in the first and the last of 8 frames, the median; ``gait``: how fast
    limbs move, 1 as where there is no Motion; ``crossing``: the share of further objects that meet
    the first one; ``aside``: how far the others start from it, in sizes.
    """

    speed: float
    pan: float
    sway: float
    growth: float
    gait: float
    crossing: float
    aside: float

    def __post_init__(self) -> None:
        """Raises ValueError naming the first setting that is out of range."""
        limits = {"speed": (0, 200), "pan": (0, 50), "sway": (0, 50), "growth": (1, 4)}
        limits |= {"gait": (0, 4), "crossing": (0, 1), "aside": (0, 3)}
        check_limits("motion's ", self, limits)


OF_MOTION = ("speed", "scale", "overlap", "distance")


@dataclass(frozen=True)
class Dose:
    """``factor``: one of DOSES; ``value``: what it is set to, or multiplied by."""

    factor: str
    value: float


@dataclass(frozen=True)
class SplitSettings:
    """What one split contains; sizes in pixels, shares in [0, 1].

    ``severity`` scales every degradation (0 = none visible); ``degraded`` is the share of
    degraded frames. The first frame of a video is never degraded, except in one-frame splits.
    ``motion``: None, where objects go straight on and slowly. ``dose``: one factor changed, all
    else equal to the same split with another dose of it.
    """

    videos: int
    frames: int = 8
    height: int = 96
    width: int = 160
    severity: float = 1.0
    degraded: float = 0.4
    jpeg_quality: int = 90
    motion: Motion | None = None
    dose: Dose | None = None

    def __post_init__(self) -> None:
        """Raises ValueError naming the first setting that is out of range."""
        limits = {"videos": (0, 10**7), "frames": (1, 1000), "height": (32, 4096)}
        limits |= {"width": (32, 4096), "jpeg_quality": (1, 100)}
        check_limits("", self, limits | {"severity": (0, 10), "degraded": (0, 1)})
        if self.dose is not None:
            check_dose(self.dose, self.motion)

    @property
    def step(self) -> float:
        """Time from one frame to the next, in frames of a split without a dose."""
        return self.dose.value if self.dose and self.dose.factor == "distance" else 1.0


def check_dose(dose: Dose, motion: Motion | None) -> None:
    """ValueError for a factor that is not known or needs motion, or a value out of range."""
    if dose.factor not in DOSES:
        known = ", ".join(DOSES)
        raise ValueError(f"mini data: no dose of {dose.factor!r}; known: {known}")
    if dose.factor in OF_MOTION and motion is None:
        raise ValueError(f"mini data: a dose of {dose.factor} needs the setting 'motion'")
    low, high = DOSES[dose.factor]
    if not low <= dose.value <= high:
        raise ValueError(
            f"mini data: a dose of {dose.factor} must be in [{low}, {high}], not {dose.value}"
        )


def check_limits(of: str, settings: object, limits: Mapping[str, tuple[float, float]]) -> None:
    """ValueError naming the first setting that is out of range."""
    for name, (low, high) in limits.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            raise ValueError(f"mini data: {of}{name} must be in [{low}, {high}], not {value}")


# Single images for pretraining: less degraded, because they have no clean neighbour to lean on.
IMAGE_DEFAULTS = {"frames": 1, "degraded": 0.25}


def split_settings(name: str, values: Mapping | SplitSettings) -> SplitSettings:
    """Settings of split ``name`` from a mapping; the split "images" has its own defaults."""
    if isinstance(values, SplitSettings):
        return values
    check_names(f"split {name!r}", values, SplitSettings)
    if "videos" not in values:
        raise ValueError(f"mini data: split {name!r} needs 'videos', the number of videos")
    chosen = (IMAGE_DEFAULTS if name == "images" else {}) | dict(values)
    for part, kind in (("motion", Motion), ("dose", Dose)):
        if isinstance(found := chosen.get(part), Mapping):
            chosen[part] = whole(f"{part} of split {name!r}", found, kind)
    return SplitSettings(**chosen)


def whole(what: str, values: Mapping, kind: type) -> Motion | Dose:
    """A part of a split's settings, all of whose settings must be there."""
    check_names(what, values, kind)
    if missing := [field.name for field in fields(kind) if field.name not in values]:
        raise ValueError(f"mini data: {what} needs {missing[0]!r}")
    return kind(**values)


def check_names(what: str, values: Mapping, kind: type) -> None:
    """ValueError naming a setting that ``kind`` does not have."""
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise ValueError(
            f"mini data: unknown setting {unknown[0]!r} of {what}; known: {sorted(known)}"
        )


def resolve(splits: Mapping[str, Mapping | SplitSettings], seed: int) -> dict:
    """Complete JSON-able settings of a data set, as stored in info.json."""
    return {
        "generator_version": GENERATOR_VERSION,
        "seed": int(seed),
        "splits": {name: written(split_settings(name, splits[name])) for name in sorted(splits)},
    }


def written(settings: SplitSettings) -> dict:
    """As info.json has them: without motion and dose where they are None, as before there were
    any."""
    return {name: value for name, value in asdict(settings).items() if value is not None}


def video_rng(seed: int, split: str, index: int, stream: str) -> np.random.Generator:
    """Random generator of one purpose of one video: independent of all other videos and splits."""
    words = [seed, zlib.crc32(split.encode()), index, zlib.crc32(stream.encode())]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
