"""Which records ship with the repository, so that a user's own never take their place.

results/<profile>/shipped.json names them with their SHA-256: those of runs by their file, those of
doses, scales and trackers by folder and file. A record of the same name made here goes to
results/<profile>/own/; `./run_all.sh ship-records` makes it the shipped one.
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

# folders below the profile's
RECORDS, DOSES, SCALE, TRACKERS = KINDS = "records", "doses", "scale", "trackers"


def shipped_names(layout: Layout) -> set[str]:
    """Names, as in shipped.json, of the files that ship and are unmodified."""
    return {name for name, what in _states(layout).items() if not what}


def shipped_states(layout: Layout, kind: str = RECORDS) -> dict[str, str]:
    """What is wrong with each record of a kind that ships, by file name; "" where nothing is."""
    return {
        Path(name).name: _state(layout, name, checksum)
        for name, checksum in _index(layout).items()
        if name == named(kind, Path(name).name)
    }


def usable(layout: Layout, kind: str) -> list[Path]:
    """A kind's records that pages may rest on: those that ship, as they were shipped; all of them
    where none do."""
    states = shipped_states(layout, kind)
    paths = sorted(folder(layout, kind).glob("*.json"))
    return [path for path in paths if not states or states.get(path.name) == ""]


def unshipped(layout: Layout, kind: str) -> list[Path]:
    """A kind's records that were made here beside those that ship; none where none do."""
    states = shipped_states(layout, kind)
    beside = [one for one in sorted(folder(layout, kind).glob("*.json")) if one.name not in states]
    return [*beside, *_own(layout, kind)] if states else []


def named(kind: str, file: str) -> str:
    """A record in shipped.json, which names those of runs by their files alone."""
    return file if kind == RECORDS else f"{kind}/{file}"


def folder(layout: Layout, kind: str) -> Path:
    return layout.shipped.parent / kind


def _index(layout: Layout) -> dict[str, str]:
    """SHA-256 of each file that ships by its name in shipped.json."""
    return read_json(layout.shipped) or {}


def _states(layout: Layout) -> dict[str, str]:
    return {name: _state(layout, name, checksum) for name, checksum in _index(layout).items()}


def _state(layout: Layout, name: str, checksum: str) -> str:
    path = _place(layout, name)
    as_shipped = path.is_file() and sha256(path) == checksum
    return "" if as_shipped else "edited or damaged" if path.exists() else "missing"


def _place(layout: Layout, name: str) -> Path:
    """Of a file that shipped.json names."""
    return layout.shipped.parent / (name if "/" in name else f"{RECORDS}/{name}")


def shipped_problems(layout: Layout) -> list[str]:
    """A line for each shipped file that is missing or modified."""
    restore = f"(git checkout -- {layout.shown(layout.shipped.parent)} restores what was shipped)"
    if read_json(layout.shipped) is None:
        lost = layout.shipped.exists() or is_committed(layout.shipped, layout.root)
        what = "damaged" if layout.shipped.exists() else "missing"
        name = layout.shown(layout.shipped)
        line = f"{name} is {what}: shipped records cannot be told from your own {restore}"
        return [line] if lost else []
    return [
        f"{layout.shown(_place(layout, name))} is {what}: not used {restore}"
        for name, what in _states(layout).items()
        if what
    ]


def record_path(layout: Layout, file: str, kind: str = RECORDS) -> Path:
    """Where a record made here is written: to own/ if its place holds a shipped one."""
    name = named(kind, file)
    checksum = _index(layout).get(name)
    ships = checksum is not None and not _state(layout, name, checksum)
    return (layout.own / named(kind, "") if ships else folder(layout, kind)) / file


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
    known = _index(layout)
    moved = [(kind, path) for kind in KINDS for path in _own(layout, kind)]
    fresh = [
        path
        for kind in KINDS
        for path in sorted(folder(layout, kind).glob("*.json"))
        if named(kind, path.name) not in known
    ]
    for path in [*(path for _, path in moved), *fresh]:
        record = read_json(path) or {}
        parts = [part for part in record.values() if isinstance(part, dict)]
        check_records(layout.shown(path), parts)
    for kind, path in moved:
        target = folder(layout, kind) / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        move_matches(path, target)
        os.replace(path, target)
    index = {
        named(kind, path.name): sha256(path)
        for kind in KINDS
        for path in sorted(folder(layout, kind).glob("*.json"))
    }
    write_json(layout.shipped, index)
    lines = [
        f"own/{named(kind, path.name)} -> {layout.shown(folder(layout, kind))}"
        for kind, path in moved
    ]
    return [*lines, f"{len(index)} records ship: {layout.shown(layout.shipped)}"]


def _own(layout: Layout, kind: str) -> list[Path]:
    return sorted((layout.own / named(kind, "")).glob("*.json"))
