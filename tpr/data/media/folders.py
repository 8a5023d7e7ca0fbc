"""Files of a folder in natural order: frame_2 before frame_10. What is left out is counted."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class Listing(NamedTuple):
    """paths: what was looked for, in natural order; left_out: number of others by kind."""

    paths: list[Path]
    left_out: Counter[str]

    def notes(self, folder: Path) -> list[str]:
        """A line on what was left out, if anything was."""
        return [f"{folder}: left out {self.kinds()}"] if self.left_out else []

    def kinds(self) -> str:
        return ", ".join(f"{kind}: {number}" for kind, number in sorted(self.left_out.items()))


def list_files(folder: Path, endings: Sequence[str] = PICTURES) -> Listing:
    """Files with these endings, in any case; hidden files (._x, .DS_Store) are no pictures.

    Raises FileNotFoundError or ValueError in one line.
    """
    return _listing(folder, lambda path: _reason_against_file(path, endings))


def list_folders(folder: Path) -> Listing:
    """Folders in it, and links to folders, without hidden ones. Raises as `list_files`."""
    return _listing(folder, _reason_against_folder)


def natural_key(name: str) -> tuple:
    """Sorts digits by their number, letters without regard to case, and a.png before a1.png."""
    stem, ending = os.path.splitext(name.casefold())
    return _parts(stem), _parts(ending), name


def _parts(text: str) -> list[str | int]:
    """Text and numbers of a name in alternation."""
    return [int(x) if i % 2 else x for i, x in enumerate(re.split(r"([0-9]+)", text))]


def _listing(folder: Path, reason_against: Callable[[Path], str | None]) -> Listing:
    try:
        found = sorted(folder.iterdir(), key=lambda path: natural_key(path.name))
    except FileNotFoundError:
        raise FileNotFoundError(f"{folder}: no such folder") from None
    except OSError as error:
        raise ValueError(f"{folder}: cannot be listed ({error.strerror})") from None
    reasons = {path: reason_against(path) for path in found}
    left_out = Counter(reason for reason in reasons.values() if reason)
    return Listing([path for path, reason in reasons.items() if not reason], left_out)


def _reason_against_file(path: Path, endings: Sequence[str]) -> str | None:
    if path.name.startswith("."):
        return "hidden files"
    if path.is_dir():
        return "folders"
    if path.suffix.lower() not in endings:
        return f"{path.suffix} files" if path.suffix else "files without an ending"
    if path.is_file():
        return None
    return "links that lead nowhere" if path.is_symlink() else "pipes and other special files"


def _reason_against_folder(path: Path) -> str | None:
    if path.name.startswith("."):
        return "hidden files"
    if path.is_dir():
        return None
    return "files beside the folders" if path.exists() else "links that lead nowhere"
