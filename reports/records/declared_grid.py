"""The grid that a profile declares beside its tables, of doses or of scales."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from experiments.declared.runs import load_runs
from experiments.stages.layout import Layout

Grid = TypeVar("Grid")


def declared_grid(
    layout: Layout, load: Callable[[Path, Collection[str]], dict[str, Grid]]
) -> Grid | None:
    """None for a profile that declares none. load: grids by profile, of a folder of manifests and
    the declared runs."""
    path = layout.manifests / "runs.yaml"
    runs = load_runs(path)[0] if path.is_file() else {}
    return load(layout.manifests, runs).get(layout.profile)
