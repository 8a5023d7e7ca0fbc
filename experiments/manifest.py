"""Runs, tables and profiles as declared under experiments/manifests, checked against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import schema
from .tables import load_table
from .yaml_check import ManifestError, check_file_name, check_name, load_yaml, nearest


class UnknownNameError(ValueError):
    """A name given by the user that no manifest declares."""


@dataclass(frozen=True)
class Manifests:
    """runs: run name -> declaration; tables: table id -> manifest; profiles: the known names."""

    folder: Path
    runs: dict[str, dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    profiles: tuple[str, ...]

    def profile(self, name: str) -> dict[str, Any]:
        """The checked profile. Raises UnknownNameError, or ManifestError for mistakes in it."""
        if name not in self.profiles:
            raise UnknownNameError(f"unknown profile {name!r}; {nearest(name, self.profiles)}")
        return load_profile(self.folder / "profiles" / f"{name}.yaml")

    def target_runs(self, targets: list[str]) -> list[str]:
        """Runs of the targets (table ids, run names, "all"), each once, in the tables' order."""
        chosen: dict[str, None] = {}
        for target in targets:
            if target in self.tables:
                chosen |= dict.fromkeys(str(row["run"]) for row in self.tables[target]["rows"])
            elif target in self.runs:
                chosen[target] = None
            elif target == "all":
                chosen |= dict.fromkeys(self.target_runs([*self.tables, *self.runs]))
            else:
                known = [*self.tables, *self.runs, "all"]
                raise UnknownNameError(f"unknown target {target!r}; {nearest(target, known)}")
        return list(chosen)


def load_manifests(folder: Path) -> Manifests:
    """Reads and checks runs.yaml and tables/*.yaml. Raises ManifestError."""
    runs = load_yaml(folder / "runs.yaml", schema.RUNS)
    for name, run in runs.items():
        check_file_name(name, "run")
        check_file_name(run["head"], "head")
        check_file_name(run["backbone"], "backbone")
    tables = {}
    for path in sorted((folder / "tables").glob("*.yaml")):
        table = load_table(path, runs)
        tables[table["table"]] = table
    profiles = tuple(sorted(path.stem for path in (folder / "profiles").glob("*.yaml")))
    return Manifests(folder, {str(k): v for k, v in runs.items()}, tables, profiles)


def load_profile(path: Path) -> dict[str, Any]:
    profile = load_yaml(path, schema.PROFILE)
    if profile["profile"] != path.stem:
        where = profile["profile"].where
        raise ManifestError(f"{where}: profile {str(profile['profile'])!r} in {path.name}")
    if not profile["seeds"]:
        raise ManifestError(f"{path}: seeds is empty")
    if "images" in profile["data"] and "pretrain" not in profile:
        raise ManifestError(f"{path}: data has images, so the profile needs the key 'pretrain'")
    return profile


def check_runs(manifests: Manifests, profile: dict[str, Any]) -> None:
    """Every run must find its head, backbone, temporal module and its parts in the profile.

    A module whose name has a dot is a class that is imported when it is built.
    """
    model = profile["model"]
    for run in manifests.runs.values():
        check_name(run["head"], model["heads"], "head")
        check_name(run["backbone"], model["backbones"], "backbone")
        if run["temporal"] is not None and "." not in run["temporal"]["module"]:
            module = run["temporal"]["module"]
            check_name(module, model["temporal"], "temporal module")
            for part in run["temporal"]:
                if part != "module":
                    check_name(part, model["temporal"][module], f"part of {module}")
    check_continued(profile.get("pretrain", {}).get("continued", {}), manifests.runs)


def check_continued(continued: dict[str, Any], runs: dict[str, Any]) -> None:
    """An image model continues another's pretraining, never one that is itself continued."""
    names = {run: f"{spec['head']}-{spec['backbone']}" for run, spec in runs.items()}
    for name, start in continued.items():
        check_name(name, set(names.values()), "image model")
        check_name(start["run"], runs, "run")
        if names[start["run"]] in continued:
            raise ManifestError(
                f"{start['run'].where}: {name} must start from an image model that is not itself "
                f"continued, as {names[start['run']]} is"
            )
