"""Folders of PNG id maps, a pixel holding the number of its object, as YouTube-VIS records.

Both layouts have a folder a video and in it a PNG a frame, <maps>/<video>/<frame>.png, and pictures
of the same names, <frames>/<video>/<frame>.jpg or another ending.
"""

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tpr.data.rle import encode

ENDINGS = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
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
) -> dict:
    """The YouTube-VIS record of all frames that have an id map; of others nothing is known.

    Raises FileNotFoundError or ValueError in one line that names the file.
    """
    if not maps.is_dir():
        raise FileNotFoundError(f"{maps}: no such folder of id maps")
    folders = sorted(path for path in maps.iterdir() if any(path.glob("*.png")))
    if not folders:
        raise ValueError(f"{maps}: holds no folders of PNG id maps, one a video")
    videos, annotations = [], []
    for number, folder in enumerate(folders, 1):
        files = sorted(folder.glob("*.png"))
        names = [picture_of(file, folder.name, frames) for file in files]
        size, tracks = _tracks(files, parts, len(categories))
        record = {"height": size[0], "width": size[1], "length": len(names), "file_names": names}
        videos.append({"id": number, **record})
        for track in tracks:
            annotations.append({"id": len(annotations) + 1, "video_id": number, **track})
    named = [{"id": place, "name": name} for place, name in enumerate(categories, 1)]
    return {"videos": videos, "categories": named, "annotations": annotations}


def picture_of(file: Path, video: str, frames: Path) -> str:
    """The name, relative to the frame folder, of the picture that an id map is of."""
    for ending in ENDINGS:
        name = f"{video}/{file.stem}{ending}"
        if (frames / name).is_file():
            return name
    raise FileNotFoundError(f"{frames / video / file.stem}.*: no picture for {file}")


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
    """(H, W) int64 ids, and whether they are indices of a palette."""
    try:
        with warnings.catch_warnings(), Image.open(file) as image:
            warnings.simplefilter("ignore")
            ids, mode = np.array(image), image.mode
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file}: broken or truncated image ({error})") from None
    if ids.ndim != 2:
        raise ValueError(f"{file}: holds colours ({mode}), not ids; save it with its palette")
    return ids.astype(np.int64), mode == "P"
