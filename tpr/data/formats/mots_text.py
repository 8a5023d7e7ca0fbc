"""MOTS text files, <source>/<video>.txt, a line an object and frame, as YouTube-VIS records.

A line is: frame, id, class, height, width, compressed RLE. The number of a frame is the number of
its picture, <frames>/<video>/000017.jpg. All pictures are frames; those without a line are empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tpr.data.formats.id_maps import MOTS_CATEGORIES, MOTS_IGNORED, mots_part
from tpr.data.formats.origin import Origin
from tpr.data.formats.tracks import VideoTracks, record_of
from tpr.data.json_input import naming, shown
from tpr.data.media.folders import list_files
from tpr.data.media.pictures import check_regular, picture_size
from tpr.data.segmentation import decode

IGNORED_CLASS = 10


def is_text(origin: Origin) -> bool:
    """Whether the source is a text file, or holds one that is called like a folder of pictures."""
    source = origin.source
    inside = list_files(source, (".txt",)).paths if source.is_dir() else []
    return source.suffix.lower() == ".txt" or any((origin.frames / x.stem).is_dir() for x in inside)


def mots_text(origin: Origin) -> dict:
    """ValueError or FileNotFoundError in one line that names file and line."""
    categories = origin.categories or MOTS_CATEGORIES
    if origin.source.is_dir():
        ((_, files),) = origin.videos((".txt",))
    else:
        files = [origin.source]
    return record_of([video_of(origin, file, categories) for file in files], categories)


def video_of(origin: Origin, file: Path, categories: tuple[str, ...]) -> VideoTracks:
    folder = origin.frames / file.stem
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder with the pictures for {file}")
    pictures = origin.pictures(folder)
    if not pictures:
        raise FileNotFoundError(f"{folder}: holds no pictures for {file}")
    places = numbers_of(pictures)
    video = VideoTracks([origin.name(path) for path in pictures], picture_size(pictures[0]))
    for where, text in lines(file):
        with naming(where):
            number, value, category, mask = parsed(text, video.size)
            if number not in places:
                raise ValueError(f"frame {number} has no picture in {folder}")
            for part in mots_part(value, category, mask, categories):
                video.add(places[number], part, where, origin.tally.add)
    return video


def numbers_of(pictures: list[Path]) -> dict[int, int]:
    """Place of each picture by the number that ends its name; ValueError where there is none."""
    found: dict[int, int] = {}
    for place, path in enumerate(pictures):
        digits = re.search("[0-9]{1,18}$", path.stem)
        if digits is None:
            raise ValueError(f"{path}: its name ends in no number, which would be its frame's")
        if int(digits[0]) in found:
            raise ValueError(f"{path}: a second picture of frame {int(digits[0])}")
        found[int(digits[0])] = place
    return found


def lines(file: Path) -> Iterator[tuple[str, str]]:
    """Each line that is not empty, and its place."""
    check_regular(file)
    with file.open(encoding="utf-8", errors="backslashreplace") as text:
        for number, line in enumerate(text, 1):
            if line.strip():
                yield f"{file}, line {number}", line


def parsed(line: str, size: tuple[int, int]) -> tuple[int, int, int, np.ndarray]:
    """Frame, id, class and mask (H, W). ValueError without the place."""
    fields = line.split()
    try:
        frame, value, category, height, width = map(int, fields[:5])
        (counts,) = fields[5:]
    except ValueError:
        text = "is not: frame, id, class, height, width, compressed RLE"
        raise ValueError(f"{shown(line.strip())} {text}") from None
    mask = decode({"size": [height, width], "counts": counts}, *size)
    return frame, MOTS_IGNORED if category == IGNORED_CLASS else value, category, mask
