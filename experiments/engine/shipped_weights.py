"""Weights that ship with the repository, weights/<profile>/index.json and *.pt, in place of the
pretraining that made them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from experiments.engine.lock import file_lock
from experiments.stages.json_files import Record, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.outputs import sealed, take_stock
from experiments.stages.stage import Stage, difference
from tpr.files import replacing, sha256

SUMS = "SHA256SUMS"
RESTORE = " (restore it: git checkout -- weights)"


def shipped(stage: Stage, layout: Layout) -> tuple[Record | None, str]:
    """The index entry of weights that replace a pretraining; else None and why none can be used.

    Weights ship with the stage's own profile, which that of a user's data only starts from.
    """
    layout = replace(layout, profile=stage.profile)
    index, problem = read_index(layout)
    if stage.name not in index:
        return None, problem
    entry = index[stage.name]
    path = layout.weights / entry["file"]
    if entry["key"] != stage.key:
        change = difference(entry["record"], stage)
        return None, f"{layout.shown(path)} was trained with other settings ({change})"
    if not path.is_file():
        return None, f"{layout.shown(path)} is missing{RESTORE}"
    if sha256(path) != entry["sha256"]:
        return None, f"{layout.shown(path)} is damaged (sha256 differs from the index){RESTORE}"
    return entry, f"{layout.shown(path)}"


def read_index(layout: Layout) -> tuple[Record, str]:
    """The valid entries of index.json by stage name, and what is wrong with the file; "" if nothing
    is, or if no weights ship."""
    path = layout.weights / "index.json"
    found = read_json(path)
    if found is None and not path.exists():
        ships = any(layout.weights.glob("*.pt"))
        return {}, f"{layout.shown(path)} is missing{RESTORE}" if ships else ""
    if found is None or not as_summed(path) or not all(map(is_entry, found.values())):
        return {}, f"{layout.shown(path)} is damaged{RESTORE}"
    return found, ""


def is_entry(entry: object) -> bool:
    texts = ("key", "file", "sha256", "command")
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in texts)
        and isinstance(entry.get("record"), dict)
    )


def as_summed(path: Path) -> bool:
    """Whether a file has the checksum that SHA256SUMS beside it states; true where it states
    none."""
    sums = path.with_name(SUMS)
    if not sums.is_file():
        return True
    text = sums.read_text(encoding="utf-8", errors="replace")
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    said = {name: digest for digest, name in pairs}
    return said.get(path.name) in (None, sha256(path))


def unpack(stage: Stage, layout: Layout) -> None:
    """Makes a finished stage's folder from shipped weights, so that other stages need not know
    where they come from."""
    entry, reason = shipped(stage, layout)
    if entry is None:
        raise ValueError(f"{stage.label}: {reason}")
    folder = stage.folder(layout)
    with file_lock(stage.lock(layout), wait=True):
        if stage.record(layout):
            return
        with replacing(folder / "weights.pt") as draft:
            shutil.copyfile(replace(layout, profile=stage.profile).weights / entry["file"], draft)
        source = {name: entry[name] for name in ("file", "sha256", "command")}
        record = entry["record"] | {"shipped": source, "outputs": take_stock(folder)}
        write_json(folder / "record.json", sealed(record))
