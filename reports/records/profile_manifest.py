"""The description of a profile and the size of its validation split, from its manifest."""

from pathlib import Path
from typing import Any, cast

from experiments.declared.extension import compose_extended
from experiments.declared.manifest_errors import ManifestError
from experiments.declared.own_profile import AT
from experiments.declared.plain_yaml import plain
from experiments.declared.profile_names import profile_names
from experiments.declared.tables import Table
from experiments.declared.trial import TRIAL

OF_DATA = ("data", "plan", "notes", "about")  # that a user's own data replace


def load_profile(manifests: Path, profile: str) -> dict[str, Any]:
    """A profile's manifest with what it extends, {} where there is none. Raises ManifestError.

    Of a profile with a user's own data what it keeps: not data, plan and notes.
    """
    if AT in profile:
        whole = load_profile(manifests, profile.partition(AT)[0])
        return {key: value for key, value in whole.items() if key not in OF_DATA}
    path = manifests / "profiles" / f"{profile}.yaml"
    if not path.is_file():
        return {}
    found: Any = plain(compose_extended(path))
    if not isinstance(found, dict):
        raise ManifestError(f"{path}:1: a profile must be a mapping")
    return cast(dict[str, Any], found)


def load_about(manifests: Path, profile: str) -> str:
    """What a profile says of itself, empty where there is no profile manifest."""
    if profile.endswith(TRIAL):
        whole = profile.removesuffix(TRIAL)
        return (
            f"A trial of the profile {whole}: every run for real, on a few videos and for a few "
            "iterations, with untrained weights where there are no others."
        )
    if AT in profile:
        base, _, data = profile.partition(AT)
        return (
            f"A user's own data, {data}, with the networks, sizes and test settings of the profile "
            f"{base}, whose image models it starts from. It is never a verdict on the paper."
        )
    return str(load_profile(manifests, profile).get("about", "")).strip()


def load_notes(manifests: Path, profile: str) -> list[str]:
    """What a reader of a profile's claims should know, a paragraph each."""
    return [str(note).strip() for note in load_profile(manifests, profile).get("notes", [])]


def made_for(manifests: Path, besides: str) -> dict[str, list[str]]:
    """By table the profiles, other than one, that name it among their own."""
    found: dict[str, list[str]] = {}
    for profile in profile_names(manifests):
        if profile == besides:
            continue
        tables: list[Any] = load_profile(manifests, profile).get("tables") or []
        for table in tables:
            found.setdefault(str(table), []).append(profile)
    return found


def shown_tables(declared: list[Table], profile: dict[str, Any]) -> list[Table]:
    """The profile's own tables, every one but those by name only where it names none; with them
    those that hold the claims over a control that theirs stand beside."""
    listed = profile.get("tables")
    if listed is None:
        return [table for table in declared if not table.by_name_only]
    own = [table for table in declared if table.id in listed]
    controls = {(claim.better, claim.control) for table in own for claim in table.claims}
    return [
        table
        for table in declared
        if table in own or any((one.better, one.than) in controls for one in table.claims)
    ]


def split_size(profile: dict[str, Any]) -> int | None:
    """Videos of the validation split by the profile's manifest; None if it does not say."""
    data = profile.get("data", {})
    return data.get("videos", {}).get("val", {}).get("videos") or data.get("holdout_videos")
