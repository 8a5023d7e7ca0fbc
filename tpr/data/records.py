"""Records of a YouTube-VIS file: videos, categories, tracks. Every defect is one clear line."""

import os.path
from dataclasses import dataclass
from typing import Any

from tpr.data.json_input import entries, integer, number, shown, unique


@dataclass(frozen=True)
class Category:
    id: int
    name: str


@dataclass(frozen=True)
class Video:
    id: int
    width: int  # pixels
    height: int
    length: int  # frames
    file_names: tuple[str | None, ...]  # relative to the frame root; None: frame absent


@dataclass(frozen=True)
class Track:
    """One object through a video; the three tuples have an entry (or None) per frame."""

    id: int
    category_id: int
    iscrowd: bool
    segmentations: tuple[Any, ...]  # compressed RLE, run list or polygons; None: not in the frame
    bboxes: tuple[tuple[float, float, float, float] | None, ...]  # x, y, width, height, pixels
    areas: tuple[float | None, ...]  # pixels


def parse_categories(record: dict) -> list[Category]:
    """Categories sorted by id."""
    found = [
        Category(
            integer(entry, "id", f"category {place}"), str(entry.get("name") or shown(entry["id"]))
        )
        for place, entry in enumerate(entries(record, "categories", "the file"))
    ]
    unique([category.id for category in found], '"categories"')
    return sorted(found, key=lambda category: category.id)


def parse_videos(record: dict) -> list[Video]:
    """Videos in file order."""
    found = [
        parse_video(entry, f"video {place}")
        for place, entry in enumerate(entries(record, "videos", "the file"))
    ]
    unique([video.id for video in found], '"videos"')
    return found


def parse_video(entry: dict, where: str) -> Video:
    """One video; ``where`` names it in errors until its id is known."""
    identity = integer(entry, "id", where)
    where = f"video {shown(identity)}"
    width, height = (integer(entry, side, where) for side in ("width", "height"))
    if not (0 < width <= 2**14 and 0 < height <= 2**14):
        raise ValueError(f"{where}: size {shown(width)} x {shown(height)} is not 1 to 16384 pixels")
    names = entry.get("file_names")
    if not isinstance(names, list):
        raise ValueError(f'{where}: "file_names" is missing or not a list')
    for name in names:
        _check_name(name, where)
    length = len(names) if entry.get("length") is None else integer(entry, "length", where)
    if length != len(names):
        raise ValueError(f'{where}: "length" is {shown(length)}, but file_names has {len(names)}')
    return Video(identity, width, height, length, tuple(names))


def _check_name(name: Any, where: str) -> None:
    """Refuse names that lead out of the frame root whatever lies on the disk."""
    if name is None:
        return
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"{where}: file name {shown(name)} is not a path")
    parts = name.replace("\\", "/")
    outside = os.path.normpath(parts).split("/")[0] == ".."
    if outside or parts.startswith("/") or (len(parts) > 1 and parts[1] == ":"):
        raise ValueError(f"{where}: file name {shown(name)} leads out of the frame folder")


def parse_annotation(entry: dict, videos: dict[int, Video], categories: dict) -> tuple[int, Track]:
    """(video id, track); masks are only checked when they are decoded."""
    identity = integer(entry, "id", "an annotation")
    where = f"annotation {shown(identity)}"
    if not -(2**63) <= identity < 2**63:
        raise ValueError(f"{where}: the id does not fit in 64 bits")
    video, category = (integer(entry, key, where) for key in ("video_id", "category_id"))
    if video not in videos:
        raise ValueError(f'{where}: video {shown(video)} is not in "videos"')
    if category not in categories:
        raise ValueError(f'{where}: category {shown(category)} is not in "categories"')
    length = videos[video].length
    crowd = entry.get("iscrowd")
    if crowd not in (None, 0, 1):
        raise ValueError(f'{where}: "iscrowd" is {shown(crowd)}, not 0 or 1')
    if entry.get("segmentations") is None:
        raise ValueError(f'{where}: "segmentations" is missing')
    segmentations = _per_frame(entry, "segmentations", length, where)
    boxes = tuple(_box(box, where) for box in _per_frame(entry, "bboxes", length, where))
    areas = tuple(_area(area, where) for area in _per_frame(entry, "areas", length, where))
    return video, Track(identity, category, bool(crowd), segmentations, boxes, areas)


def _per_frame(entry: dict, key: str, length: int, where: str) -> tuple:
    """The list at ``key``, one entry a frame; all None where it is missing or null."""
    value = entry.get(key)
    if value is None:
        return (None,) * length
    if not isinstance(value, list) or len(value) != length:
        size = len(value) if isinstance(value, list) else shown(value)
        raise ValueError(f'{where}: "{key}" has {size} entries, but the video {length} frames')
    return tuple(value)


def _box(box: Any, where: str) -> tuple | None:
    if box is None or box == []:
        return None
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError(f"{where}: box {shown(box)} is not [x, y, width, height]")
    return tuple(number({"bboxes": side}, "bboxes", where) for side in box)


def _area(area: Any, where: str) -> float | None:
    return None if area is None else number({"areas": area}, "areas", where)
