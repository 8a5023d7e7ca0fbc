"""Which records ship with the repository, so that a user's own never take their place.

results/<profile>/shipped.json names them with their SHA-256. A record of the same run and seed made
here goes to results/<profile>/own/; `./run_all.sh ship-records` makes it the shipped one.
"""

from __future__ import annotations

import os
from pathlib import Path

from experiments.engine.environment import is_committed
from experiments.ship.clean_tree import check_records, check_tree
from experiments.ship.shipped_matches import move_matches
from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import Layout
from tpr.files import sha256


def shipped_names(layout: Layout) -> set[str]:
    """Names of the files in layout.records that ship and are unmodified."""
    return {name for name, what in shipped_states(layout).items() if not what}


def shipped_states(layout: Layout) -> dict[str, str]:
    """What is wrong with each record that ships, by file name; "" where nothing is."""
    states = {}
    for name, checksum in (read_json(layout.shipped) or {}).items():
        path = layout.records / name
        as_shipped = path.is_file() and sha256(path) == checksum
        states[name] = "" if as_shipped else "edited or damaged" if path.exists() else "missing"
    return states


def shipped_problems(layout: Layout) -> list[str]:
    """A line for each shipped file that is missing or modified."""
    restore = f"(git checkout -- {layout.shown(layout.shipped.parent)} restores what was shipped)"
    if read_json(layout.shipped) is None:
        lost = layout.shipped.exists() or is_committed(layout.shipped, layout.root)
        what = "damaged" if layout.shipped.exists() else "missing"
        name = layout.shown(layout.shipped)
        line = f"{name} is {what}: shipped records cannot be told from your own {restore}"
        return [line] if lost else []
    folder = layout.shown(layout.records)
    states = shipped_states(layout).items()
    return [f"{folder}/{name} is {what}: not used {restore}" for name, what in states if what]


def record_path(layout: Layout, name: str) -> Path:
    """Where a record made here is written: to own/ if its place holds a shipped one."""
    return (layout.own if name in shipped_names(layout) else layout.records) / name


def ship_records(layout: Layout) -> list[str]:
    """Moves records from own/ over the shipped ones and lists all records as shipped; returns lines
    on what was done.

    Raises ValueError if a shipped one was modified in another way, or if a record was made in a
    tree with uncommitted changes.
    """
    problems = shipped_problems(layout)
    if problems:
        raise ValueError(problems[0])
    check_tree(layout)
    known, moved = read_json(layout.shipped) or {}, sorted(layout.own.glob("*.json"))
    fresh = [path for path in layout.records.glob("*.json") if path.name not in known]
    for path in [*moved, *sorted(fresh)]:
        record = read_json(path) or {}
        parts = [part for part in record.values() if isinstance(part, dict)]
        check_records(layout.shown(path), parts)
    layout.records.mkdir(parents=True, exist_ok=True)
    for path in moved:
        move_matches(path, layout.records / path.name)
        os.replace(path, layout.records / path.name)
    index = {path.name: sha256(path) for path in sorted(layout.records.glob("*.json"))}
    write_json(layout.shipped, index)
    lines = [f"own/{path.name} -> {layout.shown(layout.records)}" for path in moved]
    return [*lines, f"{len(index)} records ship: {layout.shown(layout.shipped)}"]
