"""Which records ship with the repository, so that a user's own never take their place.

results/<profile>/shipped.json names them with their SHA-256. A record of the same run and seed that
was made here goes to results/<profile>/own/; `./run_all.sh ship-records` makes own ones shipped.
"""

from __future__ import annotations

import os
from pathlib import Path

from .files import read_json, sha256, write_json
from .layout import Layout


def shipped_names(layout: Layout) -> set[str]:
    """File names in layout.records that ship and are as they were shipped."""
    index = read_json(layout.shipped) or {}
    paths = {name: layout.records / name for name in index}
    return {name for name, path in paths.items() if path.is_file() and sha256(path) == index[name]}


def record_path(layout: Layout, name: str) -> Path:
    """Where a record made here belongs: not over a shipped one."""
    return (layout.own if name in shipped_names(layout) else layout.records) / name


def ship_records(layout: Layout) -> list[str]:
    """Moves own records over the shipped ones and names all as shipped; says what it did."""
    moved = sorted(layout.own.glob("*.json"))
    layout.records.mkdir(parents=True, exist_ok=True)
    for path in moved:
        os.replace(path, layout.records / path.name)
    index = {path.name: sha256(path) for path in sorted(layout.records.glob("*.json"))}
    write_json(layout.shipped, index)
    lines = [f"own/{path.name} -> {layout.shown(layout.records)}" for path in moved]
    return [*lines, f"{len(index)} records ship: {layout.shown(layout.shipped)}"]
