"""Figures as files: their images, captions and sources.

A figure is current if it was drawn from the present results by the present code: digests of both,
and of its images, are in a note beside it. Keys of settings are not enough, as results are replaced
under the same key.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

from experiments.sources.reach import sources_below
from experiments.stages.json_files import canonical, read_json, write_json
from experiments.stages.layout import ROOT
from experiments.stages.outputs import SEAL, seal, sealed
from tpr.files import sha256

DARK = "-dark"
Sources = dict[str, str]  # of run and seed, or of what else is shown: digest of its content


class OutdatedFigureError(ValueError):
    """A kept figure is of other results, and what it needs to be drawn anew is gone."""


@dataclass(frozen=True)
class Figure:
    """An image below the page's folder of figures, the digests of what it shows and of the code
    that drew it."""

    name: str  # file name with its ending
    title: str
    alt: str
    caption: str
    sources: Sources
    dark: str | None = None  # file name of the version for dark screens
    drawn_by: str = ""

    @property
    def files(self) -> list[str]:
        return [self.name] + ([self.dark] if self.dark else [])

    def is_of(self, sources: Sources, drawn_by: str) -> bool:
        return self.sources == sources and self.drawn_by == drawn_by


def remember(folder: Path, figure: Figure) -> Figure:
    """Writes the note of a figure beside its image."""
    files = {name: sha256(folder / name) for name in figure.files}
    write_json(_note(folder, figure.name), sealed(asdict(figure) | {"files": files}))
    return figure


def recall(folder: Path, name: str) -> Figure | None:
    """A figure drawn earlier; None if there is none, or if its image was modified."""
    note = read_json(_note(folder, name)) or {}
    files: dict[str, str] | None = note.pop("files", None)
    if not isinstance(files, dict) or note.pop(SEAL, "") != seal(note | {"files": files}):
        return None
    whole = (_is_file(folder / file, digest) for file, digest in files.items())
    return Figure(**note) if all(whole) else None


def _is_file(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest


def draw_or_recall(
    folder: Path,
    name: str,
    sources: Sources,
    drawing: Callable[..., object],
    draw: Callable[[], Figure | None],
    known: Mapping[str, str] | None = None,
) -> Figure | None:
    """The figure of `sources`: the kept one if it is drawn from them by today's code, else a new
    one.

    drawing: the function from which all of that code is reached; draw: draws it, or returns None if
    the data are gone. Then a kept figure stays if everything that it shows is among `known`
    (default: `sources`), the digests of the present results; so does one that shows more of these
    than `sources`. Raises OutdatedFigureError for a kept one that shows other results.
    """
    kept, by = recall(folder, name), digest_of_code(drawing)
    known = sources if known is None else known
    current = kept if kept and kept.sources.items() <= known.items() else None
    if current and (current.sources.items() > sources.items() or current.is_of(sources, by)):
        return current
    drawn = draw() if sources else None
    if drawn:
        return remember(folder, replace(drawn, drawn_by=by))
    if current or not (folder / name).is_file():
        return current
    raise OutdatedFigureError(
        f"{name} is damaged or was drawn from other results, and what it needs to be drawn anew is "
        "not at hand"
    )


@cache
def digest_of_code(function: Callable[..., object]) -> str:
    """Digest of a function and of all definitions that it reaches."""
    return sources_below(ROOT).digest([(function.__module__, function.__name__)])


def digest(content: object) -> str:
    """sha256 of plain data."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def _note(folder: Path, name: str) -> Path:
    return folder / f"{Path(name).stem}.json"
