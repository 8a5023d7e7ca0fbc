"""Pictures that annotations name, never outside their root unless the user lets links lead there.

A file name that climbs out of the root is always refused. A symbolic link that leads out, as is
usual where clusters share data, is followed with `follow_links` only, which commands offer as
--follow-links: annotations come from strangers.
"""

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tpr.data.media.pictures import check_picture_size, read_picture


def read_image(
    root: Path, name: str, height: int, width: int, *, follow_links: bool = False
) -> np.ndarray:
    """(height, width, 3) uint8 RGB, upright. FileNotFoundError or ValueError naming the file.

    The size is checked before pixels are decoded; a truncated or broken file is refused.
    """
    path = inside(root, name, follow_links)
    try:
        return read_picture(path, (height, width))
    except FileNotFoundError:
        raise FileNotFoundError(f"{root / name}: no such frame") from None


def check_image(
    root: Path, name: str, height: int, width: int, *, follow_links: bool = False
) -> None:
    """Raises as `read_image` does, but decodes no pixels."""
    path = inside(root, name, follow_links)
    try:
        check_picture_size(path, (height, width))
    except FileNotFoundError:
        raise FileNotFoundError(f"{root / name}: no such frame") from None


def inside(root: Path, name: str, follow_links: bool = False) -> Path:
    """``root / name``, links followed; ValueError if it lies elsewhere and may not."""
    base, plain = os.path.realpath(root), os.path.abspath(root)
    written = os.path.normpath(os.path.join(plain, name))
    try:
        path = Path(os.path.realpath(written))
    except ValueError as error:
        raise ValueError(f"file name {name!r} is not a path ({error})") from None
    if path.is_relative_to(base):
        return path
    if not Path(written).is_relative_to(plain):
        raise ValueError(f"{root / name}: leads out of the frame folder {root}")
    if not follow_links:
        raise ValueError(
            f"{root / name}: leads out of the frame folder {root} through a symbolic link: "
            "--follow-links allows it"
        )
    return path


def link_notes(root: Path, names: Iterable[str | None]) -> list[str]:
    """A line on pictures that are reached through links which lead out of the root, if any are."""
    base = os.path.realpath(root)
    paths = [inside(root, name, follow_links=True) for name in names if name is not None]
    count = sum(not path.is_relative_to(base) for path in paths)
    text = f"{root}: symbolic links were followed to pictures outside it: {count}"
    return [text] if count else []


def add_follow_links(parser: argparse.ArgumentParser) -> None:
    """The option of every command that reads pictures by the names in annotations."""
    parser.add_argument(
        "--follow-links",
        action="store_true",
        help="read pictures behind symbolic links that lead out of the frame folder",
    )
