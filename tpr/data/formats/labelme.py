"""Folders of labelme's JSON files, one a picture, as YouTube-VIS records.

A folder a video, <source>/<video>/<frame>.json, or one video without a folder of its own. An object
is a label and a group_id, the same in all frames of the video; its shapes in a picture are joined.
A label without group_ids is one object where it stands once a picture; where it stands twice nobody
knows which is which in the next picture, and it is refused.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tpr.data.formats import shapes
from tpr.data.formats.origin import Origin, seen_from
from tpr.data.formats.shapes import Size
from tpr.data.formats.tracks import Part, VideoTracks, record_of
from tpr.data.json_input import entries, integer, naming, number, read_json, shown
from tpr.data.media.folders import list_files, natural_key
from tpr.data.media.pictures import check_picture_size, picture_size
from tpr.terminal import printable

NOT_OBJECTS = ("_background_", "__ignore__")
WITHOUT_AREA = ("point", "points", "line", "linestrip")


class Drawn(NamedTuple):
    """A shape that is an object or a part of one; `where` names it in messages."""

    label: str
    group: int | str | None
    mask: np.ndarray  # (H, W) bool
    where: str


def labelme(origin: Origin) -> dict:
    """The record; ValueError or FileNotFoundError in one line that names file and shape."""
    videos = []
    for name, files in origin.videos((".json",)):
        records = {file: read_record(file) for file in files}
        found = files_of_pictures(origin, name, records)
        for folder in dict.fromkeys(picture.parent for picture in found):
            pictures = origin.kept(origin.pictures(folder), found)
            for own in [[one] for one in pictures] if origin.single_images else [pictures]:
                files_of_frames = {picture: found.get(picture) for picture in own}
                videos.append(read_video(origin, files_of_frames, records))
    labels = sorted({label for video in videos for label in video.labels()}, key=natural_key)
    return record_of(videos, origin.categories or labels)


def read_record(file: Path) -> dict:
    record = read_json(file)
    if not isinstance(record, dict) or not isinstance(record.get("shapes"), list):
        raise ValueError(f'{file}: not a labelme file (no list "shapes")')
    return record | {"imageData": None}  # the picture once more, which may be large


def files_of_pictures(origin: Origin, name: str, records: dict[Path, dict]) -> dict[Path, Path]:
    """The JSON file of each picture. FileNotFoundError for one without a picture."""
    folder = origin.frames / name
    beside = list_files(folder).paths if folder.is_dir() else []
    by_stem = {path.stem: path for path in reversed(beside)}
    found: dict[Path, Path] = {}
    for file, record in records.items():
        written = record.get("imagePath")
        written = written.replace("\\", "/") if isinstance(written, str) else ""
        named = [seen_from(origin.frames, file.parent, written), folder / Path(written).name]
        picture = next((path for path in named if path and path.is_file()), by_stem.get(file.stem))
        if picture is None:
            text = f"imagePath {shown(written)} leads to no picture below {origin.frames}"
            raise FileNotFoundError(f"{file}: {text}, and {folder} has none called {file.stem}")
        if picture in found:
            text = f"its imagePath is the picture of {found[picture]}: was it copied? name its own"
            raise ValueError(f"{file}: {text}")
        found[picture] = file
    return found


def read_video(
    origin: Origin, files: dict[Path, Path | None], records: dict[Path, dict]
) -> VideoTracks:
    """files: of each frame's picture, None where it has no annotation."""
    size = picture_size(next(iter(files)))
    video = VideoTracks([origin.name(picture) for picture in files], size)
    ungrouped: dict[tuple, str] = {}  # objects without group_id, and their labels
    for t, (picture, file) in enumerate(files.items()):
        if file is None:
            continue
        with naming(file):
            check_size(records[file], picture)
            drawn = list(drawn_shapes(origin, file, records[file], size))
            for name, one in named(drawn, alone=len(files) == 1):
                video.add(t, Part(name, one.label, one.mask), one.where, origin.tally.add)
                if one.group is None:
                    ungrouped[name] = one.label
    for label in ungrouped.values() if len(files) > 1 else ():
        place = f"{label} in {video.names[0]} and the frames after it"
        origin.tally.add("label without group_id", place)
    return video


def check_size(record: dict, picture: Path) -> None:
    """ValueError if the picture is not of the size that the file says, if it says one."""
    if record.get("imageHeight") and record.get("imageWidth"):
        sides = [integer(record, side, "the file") for side in ("imageHeight", "imageWidth")]
        check_picture_size(picture, (sides[0], sides[1]))


def drawn_shapes(origin: Origin, file: Path, record: dict, size: Size) -> Iterator[Drawn]:
    """What is drawn in a picture; the rest is counted."""
    if has_flags(record):
        origin.tally.add("flag of labelme", str(file))
    for place, shape in enumerate(entries(record, "shapes", "the file")):
        where = f"shape {place}"
        label, kind = shape.get("label"), shape.get("shape_type") or "polygon"
        if not isinstance(label, str) or not label.strip():
            raise ValueError(f"{where}: its label is {shown(label)}")
        where = f"{where} ({shown(label)})"
        if has_flags(shape):
            origin.tally.add("flag of labelme", f"{file}: {where}")
        label, number = instance_label(label, origin.categories)
        if number is None and re.search("-[0-9]+$", label):
            origin.tally.add("label that ends in a number", f"{file}: {where}")
        if label in NOT_OBJECTS or label not in (origin.categories or (label,)):
            origin.tally.add("label that is no category", f"{file}: {where}")
        elif kind in WITHOUT_AREA:
            origin.tally.add("shape without an area", f"{file}: {where}, a {kind}")
        else:
            try:
                mask = mask_of(shape, kind, size)
            except ValueError as error:
                raise ValueError(f"{where}: {error}") from None
            if kind == "rectangle":
                origin.tally.add("box", f"{file}: {where}")
            yield Drawn(label, number or group_of(shape, where), mask, f"{file}: {where}")


def instance_label(label: str, categories: tuple[str, ...] | None) -> tuple[str, str | None]:
    """ "cat-2" as cat, 2, as labelme's older examples mean it, where cat alone is a category."""
    stem, dash, number = label.rpartition("-")
    known = categories is not None and stem in categories and label not in categories
    return (stem, dash + number) if known and number.isdecimal() else (label, None)


def has_flags(entry: dict) -> bool:
    flags = entry.get("flags")
    return isinstance(flags, dict) and any(flags.values())


def group_of(shape: dict, where: str) -> int | str | None:
    group = shape.get("group_id")
    if group is None or group == "":
        return None
    return group if isinstance(group, str) else integer(shape, "group_id", where)


def named(drawn: list[Drawn], *, alone: bool) -> Iterator[tuple[tuple, Drawn]]:
    """Each shape with the name of its object. alone: the video has one frame, so that shapes
    without group_id are objects of their own. Else ValueError where a label has two of them."""
    without = Counter(one.label for one in drawn if one.group is None)
    for place, one in enumerate(drawn):
        if one.group is None and without[one.label] > 1 and not alone:
            raise ValueError(
                f"{without[one.label]} shapes are labelled {shown(one.label)} and have no group_id:"
                " give each object one, the same in all frames (and to all parts of it)"
            )
        own = (place,) if one.group is None and alone else ()
        yield (one.label, one.group, *own), one


def mask_of(shape: dict, kind: str, size: Size) -> np.ndarray:
    """(H, W) bool. A rectangle is two corners, a circle its centre and a point of its rim."""
    points = points_of(shape)
    if kind in ("polygon", "oriented_rectangle"):
        return shapes.polygon(points, size)
    if kind not in ("rectangle", "circle", "mask"):
        raise ValueError(f"shape_type {shown(kind)} is not known")
    if len(points) != 2:
        raise ValueError(f"a {kind} has {len(points)} points, not 2")
    (x0, y0), (x1, y1) = points
    if kind == "circle":
        radius = math.hypot(x1 - x0, y1 - y0)
        return shapes.ellipse(x0, y0, radius, radius, size)
    if kind == "rectangle":
        return shapes.rectangle(x0, y0, x1, y1, size)
    return shapes.placed(picture_of_mask(shape.get("mask"), size), int(x0), int(y0), size)


def points_of(shape: dict) -> list[tuple[float, float]]:
    points = shape.get("points")
    if not isinstance(points, list) or any(not isinstance(p, list) or len(p) != 2 for p in points):
        raise ValueError('"points" is not a list of [x, y]')
    return [(number({"x": x}, "x", "points"), number({"y": y}, "y", "points")) for x, y in points]


def picture_of_mask(text: Any, size: Size) -> np.ndarray:
    """(h, w) bool of a PNG in base64, not larger than the picture."""
    try:
        data = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            if image.height > size[0] or image.width > size[1]:
                raise ValueError(f"it is {image.width} x {image.height}, larger than the picture")
            samples = np.array(image)
    except Exception as error:  # decoders raise nearly anything for damaged data
        raise ValueError(f'"mask" is not a PNG in base64 ({printable(error)})') from None
    return (samples if samples.ndim == 2 else samples[..., 0]) > 0
