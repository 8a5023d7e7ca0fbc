"""Which runs are compared with each tracker in turn, and on how many videos: trackers.yaml, beside
the other manifests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from experiments.declared.profile_names import check_profiles
from experiments.declared.typed_yaml import load_typed


@dataclass(frozen=True)
class TrackedPair:
    """Two runs, of which the first's gain over the second is shown."""

    better: str
    than: str


@dataclass(frozen=True)
class Tracked:
    """pairs: in the order of the file; videos: by profile, how many of the first validation videos,
    all where it is not named."""

    pairs: tuple[TrackedPair, ...] = ()
    videos: dict[str, int] = field(default_factory=dict[str, int])


def load_tracked(manifests: Path, runs: Collection[str] | None = None) -> Tracked:
    """No pairs where there is no file. runs: the declared ones, None: any name will do. Raises
    ManifestError."""
    path = manifests / "trackers.yaml"
    if not path.is_file():
        return Tracked()
    found, source = load_typed(path, Tracked)
    for place, pair in enumerate(found.pairs):
        for side in ("better", "than"):
            if runs is not None:
                source.check_name(getattr(pair, side), runs, "run", "pairs", place, side)
    check_profiles(found.videos, manifests, source, "videos")
    for profile, videos in found.videos.items():
        if videos < 1:
            raise source.error("a number of videos must be at least 1", "videos", profile)
    return found


def tracked_runs(pairs: Collection[TrackedPair]) -> list[str]:
    """Each run once, baselines first."""
    return list(dict.fromkeys(run for pair in pairs for run in (pair.than, pair.better)))
