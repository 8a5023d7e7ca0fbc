"""Which profiles there are, for manifests that name them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from experiments.declared.manifest_errors import Source, Step


def profile_names(manifests: Path) -> list[str]:
    return sorted(path.stem for path in (manifests / "profiles").glob("*.yaml"))


def check_profiles(named: Iterable[str], manifests: Path, source: Source, *place: Step) -> None:
    """Raises ManifestError unless there are profiles of all names, keys of the manifest's mapping
    at a place."""
    known = profile_names(manifests)
    for profile in named:
        source.check_name(profile, known, "profile", *place, profile, "")
