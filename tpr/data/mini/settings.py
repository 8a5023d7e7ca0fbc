"""Settings of a generated data set, and the random stream of every video."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

GENERATOR_VERSION = 2


@dataclass(frozen=True)
class SplitSettings:
    """What one split contains; sizes in pixels, shares in [0, 1].

    ``severity`` scales every degradation (0 = none visible); ``degraded`` is the share of
    degraded frames. The first frame of a video is never degraded, except in one-frame splits.
    """

    videos: int
    frames: int = 8
    height: int = 96
    width: int = 160
    severity: float = 1.0
    degraded: float = 0.4
    jpeg_quality: int = 90

    def __post_init__(self) -> None:
        """Raises ValueError naming the first setting that is out of range."""
        limits = {"videos": (0, 10**7), "frames": (1, 1000), "height": (32, 4096)}
        limits |= {"width": (32, 4096), "jpeg_quality": (1, 100)}
        limits |= {"severity": (0, 10), "degraded": (0, 1)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ValueError(f"mini data: {name} must be in [{low}, {high}], not {value}")


# Single images for pretraining: less degraded, because they have no clean neighbour to lean on.
IMAGE_DEFAULTS = {"frames": 1, "degraded": 0.25}


def split_settings(name: str, values: Mapping | SplitSettings) -> SplitSettings:
    """Settings of split ``name`` from a mapping; the split "images" has its own defaults."""
    if isinstance(values, SplitSettings):
        return values
    known = {field.name for field in fields(SplitSettings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(
            f"mini data: unknown setting {unknown[0]!r} of split {name!r}; known: {sorted(known)}"
        )
    if "videos" not in values:
        raise ValueError(f"mini data: split {name!r} needs 'videos', the number of videos")
    return SplitSettings(**((IMAGE_DEFAULTS if name == "images" else {}) | dict(values)))


def resolve(splits: Mapping[str, Mapping | SplitSettings], seed: int) -> dict:
    """Complete JSON-able settings of a data set, as stored in info.json."""
    return {
        "generator_version": GENERATOR_VERSION,
        "seed": int(seed),
        "splits": {name: asdict(split_settings(name, splits[name])) for name in sorted(splits)},
    }


def video_rng(seed: int, split: str, index: int, stream: str) -> np.random.Generator:
    """Random generator of one purpose of one video: independent of all other videos and splits."""
    words = [seed, zlib.crc32(split.encode()), index, zlib.crc32(stream.encode())]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))
