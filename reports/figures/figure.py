"""Figures as files: what a page shows, where it lies, and what it was drawn from."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from experiments.stages.json_files import read_json
from tpr.files import write_atomically

DARK = "-dark"
Sources = dict[str, str]  # run and seed -> key of the stage


@dataclass(frozen=True)
class Figure:
    """An image below the page's folder of figures.

    `sources` says what it was drawn from, so that a figure kept from earlier can be told from one
    that belongs to the records at hand.
    """

    name: str  # file name with its ending
    title: str
    alt: str
    caption: str
    sources: Sources
    dark: str | None = None  # file name of the version for dark screens


def remember(folder: Path, figure: Figure) -> Figure:
    """Note next to the image what it shows."""
    write_atomically(_note(folder, figure.name), json.dumps(vars(figure), indent=1) + "\n")
    return figure


def recall(folder: Path, name: str) -> Figure | None:
    """A figure drawn earlier, None if there is none (or half of one)."""
    try:
        figure = Figure(**(read_json(_note(folder, name)) or {}))
    except TypeError:
        return None
    files = [figure.name] + ([figure.dark] if figure.dark else [])
    return figure if all((folder / file).is_file() for file in files) else None


def draw_or_recall(
    folder: Path,
    name: str,
    sources: Sources,
    draw: Callable[[], Figure | None],
    known: Mapping[str, str] | None = None,
) -> Figure | None:
    """The figure drawn from `sources`: the kept one if it is, else a new one.

    Without sources, or where `draw` gives None, it is whatever was kept, None for nothing. A kept
    one that shows more than `sources` stays if all it shows is among `known`.
    """
    kept = recall(folder, name)
    if kept and sources.items() <= kept.sources.items() <= (known or sources).items():
        return kept
    drawn = draw() if sources else None
    return remember(folder, drawn) if drawn else kept


def _note(folder: Path, name: str) -> Path:
    return folder / f"{Path(name).stem}.json"
