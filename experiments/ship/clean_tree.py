"""Nothing ships from a tree with uncommitted changes, as its code would not be that of the commit
in the record."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.stages.json_files import Record, read_json
from experiments.stages.layout import Layout
from tpr.devices.machine_record import git_state


def check_tree(layout: Layout) -> None:
    """Raises ValueError if the tree differs from its commit, or if costs that ship were measured in
    such a tree."""
    if git_state(layout.root)["dirty"]:
        raise ValueError("nothing ships from a changed tree: commit the changes (git status) first")
    for path in (layout.costs, layout.speed):
        check_records(layout.shown(path), [read_json(path) or {}])


def check_records(name: str, records: Iterable[Record | None]) -> None:
    """Raises ValueError if a record was made in a tree that differed from its commit.

    name: what would ship.
    """
    if any(((record or {}).get("git") or {}).get("dirty") for record in records):
        raise ValueError(f"{name} does not ship, it was made by a changed tree: make it again")
