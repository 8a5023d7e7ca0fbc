"""COCO-style video files, an entry an image, as YouTube-VIS records, an entry a track.

What mmtracking calls CocoVID and what TAO has: "images" with "video_id" and "frame_id" (or
"frame_index"), "annotations" with "image_id" and "instance_id" (or "track_id"). And what CVAT calls
COCO 1.0: images of no video, annotations with "attributes": {"track_id": ...}.
"""

from collections import defaultdict
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from tpr.data.findings import Report
from tpr.data.formats.origin import Origin
from tpr.data.json_input import entries, integer, naming, read_json, shown, unique
from tpr.data.media.folders import natural_key
from tpr.data.rle import encode
from tpr.data.segmentation import decode, is_missing

TRACK_ID = ("instance_id", "track_id")


def coco(origin: Origin) -> dict:
    """A YouTube-VIS or OVIS file, or one of the COCO kind with an entry an image."""
    if origin.categories is not None:
        raise ValueError("a JSON file names its categories itself: leave them out")
    record = read_json(origin.source)
    with naming(origin.source):
        if is_per_image(record):
            return from_images(record, origin)
    if origin.single_images:
        raise ValueError(f"{origin.source}: has tracks; --single-images is for entries an image")
    return record


def is_per_image(record: Any) -> bool:
    """A file that lists images, not tracks."""
    return isinstance(record, dict) and "images" in record


def from_images(record: dict, origin: Origin) -> dict:
    """The YouTube-VIS record; ValueError naming the entry.

    A track is a crowd where all its entries are: programs mark single masks so that were painted
    with a brush, which COCO's run-length encoding was once for. Tracks of both kinds are reported,
    and those with several entries in an image, which are joined.
    """
    record, loose = with_videos(record, single=origin.single_images)
    videos = {integer(v, "id", "a video"): v for v in entries(record, "videos", "the file")}
    images = _images(record, videos)
    frames = {image: (video, t) for video, own in images.items() for t, image in enumerate(own)}
    by_id = {image["id"]: image for image in record["images"]}
    listed = {v: _video(videos[v], [by_id[i] for i in images[v]]) for v in videos if images[v]}
    return {
        "videos": list(listed.values()),
        "categories": record.get("categories"),
        "annotations": _tracks(record, frames, listed, loose, origin.tally.add),
    }


def _images(record: dict, videos: dict[int, dict]) -> dict[int, list[int]]:
    """Image ids of each video in the order of their frames."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for image in entries(record, "images", "the file"):
        where = f"image {shown(image.get('id'))}"
        video = integer(image, "video_id", where)
        if video not in videos:
            raise ValueError(f'{where}: video {shown(video)} is not in "videos"')
        frame = integer(image, _first_of(image, ("frame_id", "frame_index"), where), where)
        found[video].append((frame, integer(image, "id", where)))
    unique([image for own in found.values() for _, image in own], '"images"')
    for video, own in found.items():
        unique([frame for frame, _ in own], f"video {shown(video)}: its frames")
    return {video: [image for _, image in sorted(found[video])] for video in videos}


def _video(entry: dict, images: list[dict]) -> dict:
    """One video; its size is the first image's where it has none of its own."""
    names = [image.get("file_name") for image in images]
    sizes = {side: entry.get(side, images[0].get(side)) for side in ("width", "height")}
    return {"id": entry["id"], **sizes, "length": len(names), "file_names": names}


def _tracks(
    record: dict, frames: dict, videos: dict[int, dict], loose: bool, report: Report
) -> list[dict]:
    """An annotation a track, ids from 1, in the order of their first entries. loose: entries
    without a track id are objects of their own."""
    tracks: dict[tuple[int, Hashable], dict] = {}
    crowds: dict[tuple[int, Hashable], list[bool]] = defaultdict(list)
    for place, entry in enumerate(entries(record, "annotations", "the file")):
        where = f"annotation {shown(entry.get('id'))}"
        image = integer(entry, "image_id", where)
        if image not in frames:
            raise ValueError(f'{where}: image {shown(image)} is not in "images"')
        video, t = frames[image]
        name = track_id(entry, where, optional=loose)
        if name is None and videos[video]["length"] > 1:
            report("object in one frame only, without a track id", where)
        key = (video, ("alone", place) if name is None else name)
        track = tracks.setdefault(key, _track(entry, video, videos[video]["length"], len(tracks)))
        if track["category_id"] != integer(entry, "category_id", where):
            raise ValueError(f"{where}: track {shown(name)} has several categories")
        masks = track["segmentations"]
        if is_missing(entry.get("segmentation")):
            report("entry without a segmentation", where)
        elif is_missing(masks[t]):
            masks[t] = entry["segmentation"]
        else:
            report("object in several parts", f"{where}: track {shown(name)}")
            with naming(where):
                masks[t] = joined(masks[t], entry["segmentation"], videos[video])
        crowds[key].append(_is_crowd(entry, where))
    for (video, name), frames_crowd in crowds.items():
        tracks[video, name]["iscrowd"] = int(all(frames_crowd))
        if any(frames_crowd) and not all(frames_crowd):
            place = f"video {shown(video)}, track {shown(name)}: {sum(frames_crowd)} frames"
            report("crowd in some frames of an object", place)
    return list(tracks.values())


def joined(one: Any, other: Any, video: dict) -> Any:
    """The union of two segmentations of any kind in a frame of a video; ValueError if broken."""
    height, width = (integer(video, side, "the video") for side in ("height", "width"))
    return encode(decode(one, height, width) | decode(other, height, width))


def track_id(entry: dict, where: str, *, optional: bool) -> int | str | None:
    """What CocoVID, TAO or CVAT call the object. ValueError where it is missing, unless it may."""
    attributes = entry.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    name = attributes.get("track_id")
    if isinstance(name, str) and name:
        return name
    if name is not None:
        return integer(attributes, "track_id", where)
    if optional and not any(key in entry for key in TRACK_ID):
        return None
    return integer(entry, _first_of(entry, TRACK_ID, where), where)


def with_videos(record: dict, *, single: bool) -> tuple[dict, bool]:
    """The file with videos, and whether they were made here, for images that are of none: those of
    one folder are a video (CVAT's COCO 1.0), or every one is (single).

    ValueError where nothing says which objects of a folder's pictures are the same.
    """
    images = entries(record, "images", "the file")
    if not single and ("videos" in record or any("video_id" in image for image in images)):
        return record, False
    names = {place: _name(image) for place, image in enumerate(images)}
    order = sorted(names, key=lambda place: natural_key(names[place].as_posix()))
    folders: dict[Path, list[int]] = defaultdict(list)
    for place in order:
        folders[names[place] if single else names[place].parent].append(place)
    placed = [
        images[place] | {"video_id": number, "frame_id": t}
        for number, own in enumerate(folders.values(), 1)
        for t, place in enumerate(own)
    ]
    found = entries(record, "annotations", "the file")
    tracked = any(track_id(entry, "annotation", optional=True) is not None for entry in found)
    if found and not tracked and any(len(own) > 1 for own in folders.values()):
        raise ValueError(
            "no annotation has a track id (instance_id, track_id or attributes.track_id): "
            "--single-images takes every picture as a video of one frame"
        )
    videos = [{"id": number} for number in range(1, len(folders) + 1)]
    return record | {"videos": videos, "images": placed}, True


def _name(image: dict) -> Path:
    name = image.get("file_name")
    if not isinstance(name, str) or not name:
        raise ValueError(f"image {shown(image.get('id'))}: file_name is {shown(name)}")
    return Path(name.replace("\\", "/"))


def _is_crowd(entry: dict, where: str) -> bool:
    crowd = entry.get("iscrowd")
    if crowd not in (None, 0, 1):
        raise ValueError(f'{where}: "iscrowd" is {shown(crowd)}, not 0 or 1')
    return bool(crowd)


def _track(entry: dict, video: int, length: int, before: int) -> dict:
    category = integer(entry, "category_id", f"annotation {shown(entry.get('id'))}")
    return {
        "id": before + 1,
        "video_id": video,
        "category_id": category,
        "segmentations": [None] * length,
    }


def _first_of(entry: dict, keys: tuple[str, ...], where: str) -> str:
    for key in keys:
        if key in entry:
            return key
    raise ValueError(f"{where}: {' and '.join(keys)} are missing")
