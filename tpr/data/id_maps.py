"""Folders of PNG id maps, a pixel holding the number of its object, as YouTube-VIS records.

Both layouts have a folder a video and in it a PNG a frame, <maps>/<video>/<frame>.png, and pictures
of the same names, <frames>/<video>/<frame>.jpg or another ending.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tpr.data.media.folders import list_files, list_folders
from tpr.data.media.pictures import read_samples
from tpr.data.rle import encode

MAP_ENDINGS = (".png",)
MOTS_CATEGORIES = ("car", "pedestrian")  # classes 1 and 2 of KITTI MOTS and MOTSChallenge
MOTS_IGNORED = 10_000
VOID = 255


class Part(NamedTuple):
    """One object in a frame: `name` tells it from the video's others; category from 1."""

    name: int
    category: int
    crowd: bool
    mask: np.ndarray


def mots_parts(ids: np.ndarray, palette: bool, categories: int) -> Iterator[Part]:
    """KITTI MOTS: 1000 * class + instance. The ignored region, 10000, is a crowd of every class."""
    for value in np.unique(ids[ids > 0]).tolist():
        if value == MOTS_IGNORED:
            for category in range(1, categories + 1):
                yield Part(-category, category, True, ids == value)
        elif not 1 <= value // 1000 <= categories:
            raise ValueError(f"id {value} is of class {value // 1000}, not 1 to {categories}")
        else:
            yield Part(value, value // 1000, False, ids == value)


def davis_parts(ids: np.ndarray, palette: bool, categories: int) -> Iterator[Part]:
    """DAVIS: the palette's index is the object. Index 255 is void, as in DAVIS 2017; in a grey
    picture, as in DAVIS 2016, it is the object."""
    for value in np.unique(ids[ids > 0]).tolist():
        if not (palette and value == VOID):
            yield Part(value, 1, False, ids == value)


def from_id_maps(
    maps: Path, frames: Path, parts: Callable[..., Iterator[Part]], categories: tuple[str, ...]
) -> tuple[dict, list[str]]:
    """The YouTube-VIS record of all frames that have an id map, and notes on what was left out.

    Of frames without a map nothing is known. Raises FileNotFoundError or ValueError in one line
    that names the file.
    """
    folders = list_folders(maps)
    notes = folders.notes(maps)
    videos, annotations = [], []
    for folder in folders.paths:
        listing = list_files(folder, MAP_ENDINGS)
        notes += listing.notes(folder)
        files = listing.paths
        if not files:
            notes.append(f"{folder}: left out, as it holds no id maps ({', '.join(MAP_ENDINGS)})")
            continue
        number = len(videos) + 1
        names, unused = pictures_of(files, folder.name, frames)
        notes += unused
        size, tracks = _tracks(files, parts, len(categories))
        record = {"height": size[0], "width": size[1], "length": len(names), "file_names": names}
        videos.append({"id": number, **record})
        for track in tracks:
            annotations.append({"id": len(annotations) + 1, "video_id": number, **track})
    if not videos:
        raise ValueError(f"{maps}: holds no folders of PNG id maps, one a video")
    named = [{"id": place, "name": name} for place, name in enumerate(categories, 1)]
    return {"videos": videos, "categories": named, "annotations": annotations}, notes


def pictures_of(files: list[Path], video: str, frames: Path) -> tuple[list[str], list[str]]:
    """The names, relative to the frame folder, of the pictures that a video's id maps are of, and
    notes on what else lies there. FileNotFoundError for a map without a picture."""
    folder = frames / video
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder with the pictures for {files[0].parent}")
    listing = list_files(folder)
    by_stem = {path.stem: path.name for path in reversed(listing.paths)}
    for file in files:
        if file.stem not in by_stem:
            raise FileNotFoundError(f"{folder / file.stem}.*: no picture for {file}")
    notes = listing.notes(folder)
    if more := len(by_stem) - len(files):
        notes.append(f"{folder}: pictures without an id map, left out: {more}")
    return [f"{video}/{by_stem[file.stem]}" for file in files], notes


def _tracks(files: list[Path], parts: Callable, categories: int) -> tuple[tuple, list[dict]]:
    """Size and tracks of one video, by ascending id."""
    tracks: dict[int, dict] = {}
    size: tuple[int, ...] | None = None
    for t, file in enumerate(files):
        ids, palette = read_id_map(file)
        size = size or ids.shape
        if ids.shape != size:
            raise ValueError(f"{file}: {ids.shape[1]} x {ids.shape[0]}, unlike {files[0].name}")
        try:
            for part in parts(ids, palette, categories):
                track = tracks.setdefault(part.name, _track(part, len(files)))
                track["segmentations"][t] = encode(part.mask)
        except ValueError as error:
            raise ValueError(f"{file}: {error}") from None
    return size, [tracks[name] for name in sorted(tracks)]


def _track(part: Part, length: int) -> dict:
    crowd = {"category_id": part.category, "iscrowd": int(part.crowd)}
    return crowd | {"segmentations": [None] * length}


def read_id_map(file: Path) -> tuple[np.ndarray, bool]:
    """(H, W) int64 ids, and whether they are indices of a palette; transparency does not matter."""
    ids, mode = read_samples(file)
    if mode in ("LA", "PA"):
        ids = ids[..., 0]
    if ids.ndim != 2:
        raise ValueError(f"{file}: holds colours ({mode}), not ids; save it with its palette")
    return ids.astype(np.int64), mode in ("P", "PA")
