"""The reader of YouTube-VIS and OVIS annotations, for training and for evaluation.

Irregular entries are reported by kind and read all the same; the caller decides what follows: an
evaluation counts them, training refuses the file, the check of a data set lists them.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tpr.data.findings import Report
from tpr.data.json_input import entries, integer, number, shown
from tpr.data.records import Category, Track, Video
from tpr.data.rle import MAX_PIXELS

LONGEST_SIDE = 2**14  # pixels
T = TypeVar("T", Category, Video)


@dataclass(frozen=True)
class Annotations:
    """Videos and categories by id, in file order; tracks in file order, also those of unknown
    videos and categories. `annotated`: whether the file has tracks, as public validation files
    have not."""

    videos: dict[int, Video]
    categories: dict[int, Category]
    tracks: list[Track]
    annotated: bool


def read_annotations(record: Any, report: Report, frames: Path | None) -> Annotations:
    """A file's content. `frames`: the folder of its pictures, or None for an evaluation, which
    reads neither file names nor boxes.

    Raises ValueError where the file as a whole makes no sense; a broken entry is reported as
    "broken record" and left out.
    """
    if not isinstance(record, dict):
        hint = ": is it a results file?" if isinstance(record, list) else ""
        raise ValueError(f"not an object with videos, categories and annotations{hint}")
    videos = _by_id(record, "videos", lambda v, where: _video(v, where, report, frames), report)
    categories = _by_id(record, "categories", parse_category, report)
    annotated = record.get("annotations") is not None
    tracks = list(_tracks(record, videos, categories, report, frames)) if annotated else []
    return Annotations(videos, categories, tracks, annotated)


def _by_id(record: dict, key: str, parse: Callable[[dict, str], T], report: Report) -> dict[int, T]:
    """The entries of a list by id; of two with one id the first."""
    found: dict[int, T] = {}
    what = {"videos": "video", "categories": "category"}[key]
    for place, entry in enumerate(entries(record, key, "the file")):
        try:
            one = parse(entry, f"{what} {place}")
        except ValueError as error:
            report("broken record", str(error))
            continue
        if one.id in found:
            report("broken record", f'"{key}" has id {shown(one.id)} twice')
        found.setdefault(one.id, one)
    return found


def parse_category(entry: dict, where: str) -> Category:
    identity = integer(entry, "id", where)
    return Category(identity, str(entry.get("name") or shown(identity)))


def parse_categories(record: dict) -> list[Category]:
    """Categories sorted by id; ValueError for a broken one."""

    def refuse(kind: str, where: str) -> None:
        raise ValueError(where)

    found = _by_id(record, "categories", parse_category, refuse)
    return sorted(found.values(), key=lambda category: category.id)


def _video(entry: dict, where: str, report: Report, frames: Path | None) -> Video:
    """`where` names it in messages until its id is known."""
    identity = integer(entry, "id", where)
    where = f"video {shown(identity)}"
    try:
        width, height = _size(entry, where, MAX_PIXELS if frames is None else LONGEST_SIDE)
    except ValueError as error:
        report("video without a size", str(error))
        width = height = 0
    names = entry.get("file_names")
    if frames is not None:
        if not isinstance(names, list):
            raise ValueError(f'{where}: "file_names" is missing or not a list')
        names = [_file_name(name, where, report, frames) for name in names]
    length = _length(entry, names if isinstance(names, list) else None, where, report)
    return Video(
        identity,
        width,
        height,
        length,
        () if frames is None else tuple(names),  # pyright: ignore[reportArgumentType]: a list as checked above
    )


def _size(entry: dict, where: str, longest: int) -> tuple[int, int]:
    width, height = (integer(entry, side, where) for side in ("width", "height"))
    if not (0 < width <= longest and 0 < height <= longest):
        size = f"{shown(width)} x {shown(height)}"
        raise ValueError(f"{where}: size {size} is not 1 to {longest} pixels")
    return width, height


def _length(entry: dict, names: list | None, where: str, report: Report) -> int:
    """Number of frames: that of the file names, or what the video states where it has none."""
    if entry.get("length") is None:
        return len(names or ())
    try:
        length = integer(entry, "length", where)
    except ValueError as error:
        report("video without a length", str(error))
        return len(names or ())
    if names is not None:
        if length != len(names):
            place = f'{where}: "length" is {shown(length)}, but file_names has {len(names)}'
            report("length that is not the number of file names", place)
        return len(names)
    if length < 1:
        report("video without a length", f'{where}: "length" is {shown(length)}')
    return max(length, 0)


def _file_name(name: Any, where: str, report: Report, frames: Path) -> str | None:
    """A checked file name. Names that lead out of the frame root are refused whatever is on the
    disk.

    Backslashes separate folders unless a file has them in its name.
    """
    if name is None:
        return None
    if not isinstance(name, str) or not name or "\0" in name:
        raise ValueError(f"{where}: file name {shown(name)} is not a path")
    path = name.replace("\\", "/")
    if path.startswith("/") or (len(path) > 1 and path[1] == ":"):
        fix = "is absolute: write it from the frame folder on"
        raise ValueError(f"{where}: file name {shown(name)} {fix}")
    if os.path.normpath(path).split("/")[0] == "..":
        raise ValueError(f"{where}: file name {shown(name)} leads out of the frame folder")
    if path == name or os.path.exists(frames / name):
        return name
    report("file name with backslashes", f"{where}: {shown(name)}")
    return path


def _tracks(
    record: dict,
    videos: dict[int, Video],
    categories: dict[int, Category],
    report: Report,
    frames: Path | None,
) -> Iterator[Track]:
    known: set[int] = set()
    for entry in entries(record, "annotations", "the file"):
        try:
            track = _annotation(entry, boxes=frames is not None)
        except ValueError as error:
            report("broken record", str(error))
            continue
        if track.id in known:
            report("annotation id twice", f'"annotations" has id {shown(track.id)} twice')
        known.add(track.id)
        _report_oddities(track, videos, categories, report)
        video = videos.get(track.video_id)
        if video is not None and (video.length or frames is not None):
            report_lengths(track, video, report)
        yield track


def _annotation(entry: dict, *, boxes: bool) -> Track:
    identity = integer(entry, "id", "an annotation")
    where = f"annotation {shown(identity)}"
    video, category = (integer(entry, key, where) for key in ("video_id", "category_id"))
    crowd = entry.get("iscrowd")
    if crowd not in (None, 0, 1):
        raise ValueError(f'{where}: "iscrowd" is {shown(crowd)}, not 0 or 1')
    return Track(
        identity,
        video,
        category,
        segmentations_of(entry, where),
        iscrowd=bool(crowd),
        bboxes=_per_frame(entry, "bboxes", where, _box) if boxes else None,
        areas=_areas(entry, where),
    )


def segmentations_of(entry: dict, where: str) -> list | tuple:
    """The segmentations of an entry, one for each frame, unchecked: masks are checked when they are
    decoded."""
    value = entry.get("segmentations")
    if not isinstance(value, list | tuple):
        hint = ' (found "segmentation", singular)' if "segmentation" in entry else ""
        raise ValueError(f'{where}: "segmentations" is missing or not a list{hint}')
    return value


def _per_frame(entry: dict, key: str, where: str, parse: Callable[[Any, str], Any]) -> tuple | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, list):
        raise ValueError(f'{where}: "{key}" is {shown(value)}, not a list')
    return tuple(parse(one, where) for one in value)


def _box(box: Any, where: str) -> tuple | None:
    if box is None or box == []:
        return None
    if not isinstance(box, list) or len(box) != 4:
        raise ValueError(f"{where}: box {shown(box)} is not [x, y, width, height]")
    return tuple(number({"bboxes": side}, "bboxes", where) for side in box)


def _areas(entry: dict, where: str) -> tuple | None:
    value = entry.get("areas")
    if isinstance(value, list) and {*map(type, value)} <= {int, type(None)}:
        if max(map(abs, filter(None, value)), default=0) < 2**53:  # as exact as floats
            return tuple(value)
    return _per_frame(entry, "areas", where, _area)


def _area(area: Any, where: str) -> float | None:
    return None if area is None else number({"areas": area}, "areas", where)


def _report_oddities(
    track: Track, videos: dict[int, Video], categories: dict[int, Category], report: Report
) -> None:
    if track.id == 0:
        report("annotation id 0", track.name)
    if track.iscrowd:
        report("crowd", track.name)
    if track.category_id not in categories:
        place = f'{track.name}: category {shown(track.category_id)} is not in "categories"'
        report("annotation of an unknown category", place)
    if track.video_id not in videos:
        place = f'{track.name}: video {shown(track.video_id)} is not in "videos"'
        report("annotation of an unknown video", place)


def report_lengths(track: Track, video: Video, report: Report) -> None:
    """Reports a number of masks other than that of the frames, and of boxes or areas other than
    that of the masks."""
    found = len(track.segmentations)
    if found != video.length:
        place = f'{track.name}: "segmentations" has {found} entries, but the video'
        report("masks for another number of frames", f"{place} {shown(video.length)} frames")
    for key, values in {"bboxes": track.bboxes, "areas": track.areas}.items():
        if values is not None and len(values) != found:
            place = f'{track.name}: "{key}" has {len(values)} entries, but "segmentations" {found}'
            report("boxes or areas for another number of frames", place)
