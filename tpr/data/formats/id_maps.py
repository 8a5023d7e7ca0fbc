"""Folders of id maps, a pixel holding the number of its object, as YouTube-VIS records.

A folder a video and in it a picture a frame, <maps>/<video>/<frame>.png, and pictures of the same
names, <frames>/<video>/<frame>.jpg or another ending; or one video without folders of its own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from tpr.data.findings import Report
from tpr.data.formats.origin import Origin
from tpr.data.formats.tracks import Part, VideoTracks, record_of
from tpr.data.json_input import naming
from tpr.data.media.pictures import read_samples

MAP_ENDINGS = (".png", ".tif", ".tiff", ".bmp")
MOTS_CATEGORIES = ("car", "pedestrian")  # classes 1 and 2 of KITTI MOTS and MOTSChallenge
MOTS_IGNORED = 10_000
VOID, VOID_NAME = 255, "void"
VOID_COLOUR, WHITE = 0xE0E0C0, 0xFFFFFF  # the first is what the palette of DAVIS shows for 255
COLOURED = ("RGB", "RGBA")
MOST_COLOURS = 256  # of an id map; pictures that were scaled or were JPEG once have more

Parts = Callable[[np.ndarray, str, tuple[str, ...]], Iterator[Part]]  # of ids, mode, categories


def mots_maps(origin: Origin) -> dict:
    """KITTI MOTS and MOTSChallenge, the pictures."""
    categories = origin.categories or MOTS_CATEGORIES
    return record_of(read_videos(origin, mots_parts, categories), categories)


def davis(origin: Origin) -> dict:
    """DAVIS, YouTube-VOS and their like."""
    if origin.categories is not None and len(origin.categories) != 1:
        raise ValueError("DAVIS has no classes: give one name for all objects")
    categories = origin.categories or ("object",)
    videos = read_videos(origin, davis_parts, categories)
    for video in videos:
        without_void(video, origin.tally.add)
    return record_of(videos, categories)


def mots_parts(ids: np.ndarray, mode: str, categories: tuple[str, ...]) -> Iterator[Part]:
    """1000 * class + instance. The ignored region, 10000, is a crowd of every class."""
    if ids.ndim != 2:
        raise ValueError(f"holds colours ({mode}), not ids of 16 bits")
    for value in np.unique(ids[ids > 0]).tolist():
        yield from mots_part(value, value // 1000, ids == value, categories)


def mots_part(
    value: int, number: int, mask: np.ndarray, categories: tuple[str, ...]
) -> Iterator[Part]:
    """An object by id and number of its class, or the ignored region, one crowd a class."""
    if value == MOTS_IGNORED:
        for place, category in enumerate(categories, 1):
            yield Part(-place, category, mask, crowd=True)
    elif not 1 <= number <= len(categories):
        raise ValueError(f"id {value} is of class {number}, not 1 to {len(categories)}")
    else:
        yield Part(value, categories[number - 1], mask)


def davis_parts(ids: np.ndarray, mode: str, categories: tuple[str, ...]) -> Iterator[Part]:
    """The palette's index, the grey value or the colour is the object; 0, black, is none."""
    deep = ids.ndim == 3 or ids.dtype.itemsize > 1
    if ids.ndim == 3:
        ids = colours(ids)
    for value in np.unique(ids[ids > 0]).tolist():
        void = not deep and value == VOID
        yield Part(VOID_NAME if void else int(value), categories[0], ids == value)


def colours(samples: np.ndarray) -> np.ndarray:
    """(H, W, 3 or more) uint8 to (H, W) int64, 0xRRGGBB; transparency does not matter."""
    ids = samples[..., :3].astype(np.int64) @ np.array([0x10000, 0x100, 1])
    if (number := len(np.unique(ids))) > MOST_COLOURS:
        text = f"holds {number} colours, so that it is no id map: was it scaled, or a JPEG once?"
        raise ValueError(text)
    return ids


def without_void(video: VideoTracks, report: Report) -> None:
    """Leaves the void out: 255, white among greys, and the colour of 255 in the palette of DAVIS.
    A video that has nothing else shows one object, in black and white."""
    names = set(video.tracks)
    greys = names <= {WHITE // 255 * level for level in range(256)}
    voids = {VOID_NAME, VOID_COLOUR, *([WHITE] if greys else [])} & names
    for name in voids if names - voids else ():
        frames = sum(mask is not None for mask in video.tracks.pop(name)["segmentations"])
        report("void region of id maps", f"{video.names[0]}, and {frames - 1} frames more")


def read_videos(origin: Origin, parts: Parts, categories: tuple[str, ...]) -> list[VideoTracks]:
    """Every video with its tracks, by ascending id.

    Raises FileNotFoundError or ValueError in one line that names the file.
    """
    found = origin.videos(MAP_ENDINGS)
    origin.tell_unlabelled({name for name, _ in found})
    return [read_video(origin, name, files, parts, categories) for name, files in found]


def read_video(
    origin: Origin, name: str, files: list[Path], parts: Parts, categories: tuple[str, ...]
) -> VideoTracks:
    maps = maps_of_pictures(origin, origin.frames / name, files)
    video: VideoTracks | None = None
    coloured: set[bool] = set()  # of maps that show something
    for t, file in enumerate(maps.values()):
        if file is None:
            continue
        samples, mode = read_id_map(file)
        video = video or VideoTracks([origin.name(path) for path in maps], samples.shape[:2])
        if samples.shape[:2] != video.size:
            height, width = samples.shape[:2]
            raise ValueError(f"{file}: {width} x {height}, unlike {files[0].name}")
        if (samples[..., :3] if samples.ndim == 3 else samples).any():
            coloured.add(samples.ndim == 3)
        if len(coloured) > 1:
            text = "some maps of the video hold colours, some ids: save all of them alike"
            raise ValueError(f"{file}: {mode}, unlike those before: {text}")
        with naming(file):
            for part in parts(samples, mode, categories):
                video.add(t, part, str(file), origin.tally.add)
    assert video is not None  # every one of `files` is the map of a picture
    ordered = sorted(video.tracks.items(), key=lambda item: (item[0] == VOID_NAME, item[0]))
    video.tracks = dict(ordered)
    return video


def maps_of_pictures(origin: Origin, folder: Path, files: list[Path]) -> dict[Path, Path | None]:
    """The pictures that become frames, and the id map of each. FileNotFoundError for a map without
    a picture, ValueError for two of one."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder with the pictures for {files[0].parent}")
    pictures = origin.pictures(folder)
    by_stem = {path.stem: path for path in reversed(pictures)}
    found: dict[Path, Path] = {}
    for file in files:
        picture = by_stem.get(file.stem)
        if picture is None:
            raise FileNotFoundError(f"{folder / file.stem}.*: no picture for {file}")
        if picture in found:
            raise ValueError(f"{file}: a second id map of {picture}, beside {found[picture]}")
        found[picture] = file
    return {path: found.get(path) for path in origin.kept(list(by_stem.values())[::-1], found)}


def read_id_map(file: Path) -> tuple[np.ndarray, str]:
    """Ids (H, W) or colours (H, W, 3 or 4), and Pillow's mode; transparency does not matter."""
    samples, mode = read_samples(file)
    if mode in ("LA", "PA"):
        samples = samples[..., 0]
    if samples.ndim == 3 and mode not in COLOURED:
        raise ValueError(f"{file}: holds colours ({mode}), not ids")
    if samples.dtype.kind == "f":
        if not np.array_equal(samples, np.rint(samples)):
            raise ValueError(f"{file}: holds fractions or NaN, not ids")
        samples = samples.astype(np.int64)
    return samples, mode
