"""Runs, tables and profiles as declared under experiments/manifests, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from experiments.declared.doses import TARGETS as DOSE_TARGETS
from experiments.declared.doses import DoseGrid, load_doses
from experiments.declared.manifest_errors import Source, nearest
from experiments.declared.model_settings import ModuleOptions
from experiments.declared.own_settings import of_own_data
from experiments.declared.profile_names import profile_names
from experiments.declared.profiles import Profile, load_profile, registered
from experiments.declared.runs import Run, Temporal, load_runs
from experiments.declared.scale import TARGETS as SCALE_TARGETS
from experiments.declared.scale import ScaleGrid, load_scales
from experiments.declared.tables import Table, load_tables
from experiments.declared.tracked_pairs import Tracked, load_tracked

# beside tables and runs
OTHER_TARGETS = ("all", "pretrain", *DOSE_TARGETS, *SCALE_TARGETS, "1f", "costs", "trackers")


class UnknownNameError(ValueError):
    """A name given by the user that no manifest declares."""


@dataclass(frozen=True)
class Manifests:
    """The content of all manifests: runs by name with their source, tables by id, pairs that are
    compared with each tracker, names of the profiles, grids of dosed evaluations and of scales by
    profile."""

    folder: Path
    runs: dict[str, Run]
    source: Source
    tables: dict[str, Table]
    tracked: Tracked
    profiles: tuple[str, ...]
    doses: dict[str, DoseGrid]
    scales: dict[str, ScaleGrid]

    def profile(self, name: str) -> Profile:
        """The checked profile. Raises UnknownNameError, or ManifestError for mistakes in it."""
        if name not in self.profiles:
            raise UnknownNameError(f"unknown profile {name!r}; {nearest(name, self.profiles)}")
        profile, source = load_profile(self.folder / "profiles" / f"{name}.yaml")
        if "own" in profile.data:
            start = profile.data.get("image_models", "")
            others = [other for other in self.profiles if other != name]
            source.check_name(start, others, "profile", "data", "image_models")
            stated = (profile.pretrain or {}).get("iterations")
            iterations = stated if isinstance(stated, int) else None
            profile = of_own_data(profile, self.profile(start), iterations)
        check_continued(profile, source, self.runs)
        for place, table in enumerate(profile.tables or []):
            source.check_name(table, self.tables, "table", "tables", place)
        return profile

    def everything(self, profile: Profile) -> list[str]:
        """The targets that "all" means: the profile's tables, or every table and run."""
        if profile.tables is not None:
            return profile.tables
        tables = [id for id, table in self.tables.items() if not table.by_name_only]
        return [*tables, *self.runs]

    def target_runs(self, targets: Sequence[str]) -> list[str]:
        """Runs of the targets (table ids, run names), each once, in the tables' order."""
        chosen: dict[str, None] = {}
        for target in targets:
            if target in self.tables:
                chosen |= dict.fromkeys(self.tables[target].trained)
            elif target in self.runs:
                chosen[target] = None
            else:
                known = [*self.tables, *self.runs, *OTHER_TARGETS]
                raise UnknownNameError(
                    f"unknown target {target!r}; {nearest(target, known)} "
                    "(./run_all.sh list shows tables and runs)"
                )
        return list(chosen)


def load_manifests(folder: Path) -> Manifests:
    """Reads and checks runs.yaml, tables/*.yaml, doses.yaml, scale.yaml. Raises ManifestError."""
    runs, source = load_runs(folder / "runs.yaml")
    tables = {table.id: table for table in load_tables(folder, runs)}
    profiles = tuple(profile_names(folder))
    tracked = load_tracked(folder, runs)
    grids = load_doses(folder, runs), load_scales(folder, runs)
    return Manifests(folder, runs, source, tables, tracked, profiles, *grids)


def check_runs(manifests: Manifests, profile: Profile) -> None:
    """Every run must find its head, backbone, temporal module and its parts. Raises ManifestError.

    A profile need not have options for a module of baselines/registry.py. One whose name has a dot
    is a class that is imported when it is built.
    """
    source, model = manifests.source, profile.model
    for name, run in manifests.runs.items():
        source.check_name(run.head, model["heads"], "head", name, "head")
        source.check_name(run.backbone, model["backbones"], "backbone", name, "backbone")
        if run.temporal is not None and not run.temporal.is_class:
            check_temporal(run.temporal, profile, source, name)


def check_temporal(temporal: Temporal, profile: Profile, source: Source, run: str) -> None:
    options = cast(Mapping[str, ModuleOptions], profile.model["temporal"])
    name = temporal.module
    if name not in options:
        known = [*options, *registered()]
        source.check_name(name, known, "temporal module", run, "temporal", "module")
        return
    for part in temporal.parts:
        source.check_name(part, options[name], f"part of {name}", run, "temporal", part, "")


def check_continued(profile: Profile, source: Source, runs: Mapping[str, Run]) -> None:
    """An image model continues another's pretraining, never one that is itself continued."""
    continued = (profile.pretrain or {}).get("continued", {})
    known = {run.image_model for run in runs.values()}
    for name, start in continued.items():
        steps = ("pretrain", "continued", name)
        source.check_name(name, known, "image model", *steps, "")
        source.check_name(start["run"], runs, "run", *steps, "run")
        first = runs[start["run"]].image_model
        if first in continued:
            message = f"{name} must start from an image model that is not itself continued, "
            raise source.error(f"{message}as {first} is", *steps, "run")
