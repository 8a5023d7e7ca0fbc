"""Exports "CVAT for images 1.1": pictures of one folder are a video.

An attribute track_id says what is one object in several pictures, a group what parts one has.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from xml.etree.ElementTree import Element

from tpr.data.formats.cvat_shapes import areas, label_of, mask_of
from tpr.data.formats.cvat_xml import Export, whole
from tpr.data.formats.origin import Origin, seen_from
from tpr.data.formats.tracks import Part, VideoTracks
from tpr.data.json_input import naming, shown
from tpr.data.media.pictures import check_picture_size, picture_size

TRACK_ID = ("track_id", "instance_id", "object_id")  # attributes that name an object


def from_images(origin: Origin, file: Path, export: Export) -> list[VideoTracks]:
    """A video a folder of pictures."""
    folders: dict[Path, dict[Path, Element]] = defaultdict(dict)
    for image in export.images:
        name = (image.get("name") or "").replace("\\", "/")
        picture = seen_from(origin.frames, origin.frames, name)
        if not name or picture is None:
            raise ValueError(f"{file}: image name {shown(name)} leads out of the frame folder")
        if not picture.is_file():  # an unpacked export has them in a folder of this name
            picture = origin.frames / "images" / name
        if not picture.is_file():
            raise FileNotFoundError(f"{picture}: no such frame, though {file} names it")
        folders[picture.parent][picture] = image
    videos = []
    for folder, images in folders.items():
        kept = origin.kept(origin.pictures(folder), images)
        for group in [[path] for path in kept] if origin.single_images else [kept]:
            videos.append(images_of(origin, file, {path: images.get(path) for path in group}))
    return videos


def images_of(origin: Origin, file: Path, images: dict[Path, Element | None]) -> VideoTracks:
    video = VideoTracks([origin.name(path) for path in images], picture_size(next(iter(images))))
    loose, followed = 0, False
    for t, (picture, image) in enumerate(images.items()):
        if image is None:
            continue
        where = f"{file}: image {shown(origin.name(picture))}"
        with naming(where):
            height, width = (whole(image.get(side), side) for side in ("height", "width"))
        if height is not None and width is not None:
            check_picture_size(picture, (height, width))
        for place, element in enumerate(areas(origin, image, where)):
            label = label_of(origin, element, where)
            if label is None:
                continue
            name, tracked = name_in_image(element, t, place)
            followed = followed or tracked
            if not tracked and len(images) > 1:
                loose += 1
                origin.tally.add("object in one frame only, without a track id", where)
            with naming(where):
                part = Part((label, *name), label, mask_of(element, video.size))
            video.add(t, part, where, origin.tally.add)
    if loose and not followed:
        raise ValueError(
            f"{file}: no shape in {video.names[0]} and the pictures after it has an attribute "
            "track_id: export as CVAT for video 1.1, or give --single-images"
        )
    return video


def name_in_image(element: Element, t: int, place: int) -> tuple[tuple, bool]:
    """What tells the object from others of its label, and whether it is one in other frames too."""
    for attribute in element.iter("attribute"):
        text = (attribute.text or "").strip()
        if attribute.get("name") in TRACK_ID and text:
            return ("track", text), True
    group = element.get("group_id", "0")
    return (("group", t, group) if group != "0" else ("alone", t, place)), False
