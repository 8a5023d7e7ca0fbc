"""Which runs are compared with each tracker in turn: trackers.yaml, beside the other manifests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from experiments.declared.typed_yaml import load_typed


@dataclass(frozen=True)
class TrackedPair:
    """Two runs, of which the first's gain over the second is shown."""

    better: str
    than: str


def load_tracked_pairs(
    manifests: Path, runs: Collection[str] | None = None
) -> tuple[TrackedPair, ...]:
    """In the order of the file; none where there is no file. runs: the declared ones, None: any
    name will do. Raises ManifestError."""
    path = manifests / "trackers.yaml"
    if not path.is_file():
        return ()
    found, source = load_typed(path, list[TrackedPair])
    for place, pair in enumerate(found):
        for side in ("better", "than"):
            if runs is not None:
                source.check_name(getattr(pair, side), runs, "run", place, side)
    return tuple(found)


def tracked_runs(pairs: Collection[TrackedPair]) -> list[str]:
    """Each run once, baselines first."""
    return list(dict.fromkeys(run for pair in pairs for run in (pair.than, pair.better)))
