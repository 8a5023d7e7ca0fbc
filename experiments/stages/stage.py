"""A stage of the suite, identified by a key over everything that its result depends on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from experiments.stages.json_files import Record
from experiments.stages.key import VERSIONS, Spec, key_spec, stage_key
from experiments.stages.layout import Layout
from experiments.stages.outputs import damage, read_record

PRETRAINING = ("pretrain", "pretrain-flow")  # kinds whose weights may ship


@dataclass(frozen=True, eq=False)
class Stage:
    """A step of a run.

    kind: one of VERSIONS; name: tells it from others of its kind ("" for data); spec: all settings
    that its result depends on, as plain data; inputs: stages by role; part: tells it from others of
    its kind, run and seed.
    """

    kind: str
    name: str
    profile: str
    spec: Spec
    inputs: dict[str, Stage] = field(default_factory=dict)
    run: str | None = None
    seed: int | None = None
    part: str = ""

    @property
    def version(self) -> int:
        return VERSIONS[self.kind]

    @cached_property
    def key(self) -> str:
        return stage_key(self.kind, self.spec, self.input_keys)

    @property
    def input_keys(self) -> dict[str, str]:
        return {role: stage.key for role, stage in self.inputs.items()}

    @property
    def label(self) -> str:
        """As people read it: "train blendmask-r50+tpr seed 0"."""
        if self.seed is not None:
            return f"{self.kind} {self.run} seed {self.seed} {self.part}".strip()
        return f"{self.kind} {self.name}".strip()

    @property
    def prefix(self) -> str:
        return f"{self.kind}-{self.name}-" if self.name else f"{self.kind}-"

    def folder(self, layout: Layout) -> Path:
        return layout.runs / f"{self.prefix}{self.key[:12]}"

    def lock(self, layout: Layout) -> Path:
        """Path of the lock, beside the folder because the folder may be emptied while the lock is
        held."""
        return layout.runs / ".locks" / self.folder(layout).name

    def request(self, code: Record | None = None) -> Record:
        """What a worker needs to know; the record repeats it. code: the code that it is to be made
        by."""
        return {
            "stage": self.kind,
            "stage_version": self.version,
            "name": self.name,
            "run": self.run,
            "seed": self.seed,
            "profile": self.profile,
            "key": self.key,
            "inputs": self.input_keys,
            "spec": self.spec,
            **({"code": code} if code else {}),
        }

    def record(self, layout: Layout) -> Record | None:
        """The record of the finished stage, None if it is not finished."""
        folder = finished_folder(layout.runs, self.key)
        return None if folder is None else read_record(folder)

    def damage(self, layout: Layout, *, thorough: bool = False) -> str:
        """What is wrong with the files of the finished stage, with their folder; "" if nothing is,
        or if the stage is not finished. thorough: as in `outputs.damage`."""
        folder = finished_folder(layout.runs, self.key)
        record = None if folder is None else read_record(folder)
        if folder is None or record is None:
            return ""
        found = damage(folder, record, thorough=thorough)
        return f"{layout.shown(folder)}: {found}" if found else ""


def finished_folder(runs: Path, key: str) -> Path | None:
    """The folder in which the stage with this key was finished, None if nowhere.

    Two runs that differ in name only have stages with equal keys, which are run once.
    """
    for path in folders(runs, f"-{key[:12]}"):
        if (read_record(path) or {}).get("key") == key:
            return path
    return None


def folders(runs: Path, end: str) -> list[Path]:
    """Folders below a profile's runs whose names end with `end`, sorted by name.

    Path.glob would compile a pattern for each of thousands of stages.
    """
    names = os.listdir(runs) if runs.is_dir() else []
    return sorted(runs / name for name in names if name.endswith(end))


def in_order(goals: list[Stage]) -> list[Stage]:
    """The goals and all they need, each once, inputs first."""
    ordered: dict[str, Stage] = {}

    def visit(stage: Stage) -> None:
        if stage.key not in ordered:
            for needed in stage.inputs.values():
                visit(needed)
            ordered[stage.key] = stage

    for goal in goals:
        visit(goal)
    return list(ordered.values())


def difference(record: Record, stage: Stage) -> str:
    """In short, which settings make a stage's key differ from a record's."""
    before, after = (
        dict(flat(key_spec(stage.kind, spec))) for spec in (record["spec"], stage.spec)
    )
    changed = [k for k in {**before, **after} if before.get(k, ...) != after.get(k, ...)]
    if changed:
        name = changed[0]
        old, new = (side.get(name, "absent") for side in (before, after))
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        return f"{name} {old} -> {new}{more}"
    if record["stage_version"] != stage.version:
        return f"stage version {record['stage_version']} -> {stage.version}"
    roles = [role for role, key in stage.input_keys.items() if record["inputs"].get(role) != key]
    return f"its input {', '.join(roles)}" if roles else "its record cannot be read"


def flat(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """(dotted name, value) of every leaf of nested mappings."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value
