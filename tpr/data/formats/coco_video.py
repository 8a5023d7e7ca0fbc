"""COCO-style video files, an entry an image, as YouTube-VIS records, an entry a track.

What mmtracking calls CocoVID and what TAO has: "images" with "video_id" and "frame_id" (or
"frame_index"), "annotations" with "image_id" and "instance_id" (or "track_id").
"""

from collections import defaultdict
from typing import Any

from tpr.data.findings import Report
from tpr.data.formats.origin import Origin
from tpr.data.json_input import entries, integer, naming, read_json, shown, unique


def coco(origin: Origin) -> dict:
    """A YouTube-VIS or OVIS file, or one of the COCO kind with an entry an image."""
    if origin.categories is not None:
        raise ValueError("a JSON file names its categories itself: leave them out")
    record = read_json(origin.source)
    with naming(origin.source):
        return from_images(record, origin.tally.add) if is_per_image(record) else record


def is_per_image(record: Any) -> bool:
    """A file that lists images, not tracks."""
    return isinstance(record, dict) and "images" in record


def from_images(record: dict, report: Report) -> dict:
    """The YouTube-VIS record; ValueError naming the entry.

    A track is a crowd where all its entries are: programs mark single masks so that were painted
    with a brush, which COCO's run-length encoding was once for. Tracks of both kinds are reported.
    """
    videos = {integer(v, "id", "a video"): v for v in entries(record, "videos", "the file")}
    images = _images(record, videos)
    frames = {image: (video, t) for video, own in images.items() for t, image in enumerate(own)}
    by_id = {image["id"]: image for image in record["images"]}
    return {
        "videos": [_video(videos[v], [by_id[i] for i in images[v]]) for v in videos if images[v]],
        "categories": record.get("categories"),
        "annotations": _tracks(record, frames, {v: len(own) for v, own in images.items()}, report),
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


def _tracks(record: dict, frames: dict, lengths: dict[int, int], report: Report) -> list[dict]:
    """An annotation a track, ids from 1, in the order of their first entries."""
    tracks: dict[tuple[int, int], dict] = {}
    crowds: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for entry in entries(record, "annotations", "the file"):
        where = f"annotation {shown(entry.get('id'))}"
        image = integer(entry, "image_id", where)
        if image not in frames:
            raise ValueError(f'{where}: image {shown(image)} is not in "images"')
        video, t = frames[image]
        name = integer(entry, _first_of(entry, ("instance_id", "track_id"), where), where)
        track = tracks.setdefault((video, name), _track(entry, video, lengths[video], len(tracks)))
        if track["category_id"] != integer(entry, "category_id", where):
            raise ValueError(f"{where}: track {shown(name)} has several categories")
        if track["segmentations"][t] is not None:
            raise ValueError(f"{where}: track {shown(name)} is in image {shown(image)} twice")
        track["segmentations"][t] = entry.get("segmentation")
        crowds[video, name].append(_is_crowd(entry, where))
    for (video, name), frames_crowd in crowds.items():
        tracks[video, name]["iscrowd"] = int(all(frames_crowd))
        if any(frames_crowd) and not all(frames_crowd):
            place = f"video {shown(video)}, track {shown(name)}: {sum(frames_crowd)} frames"
            report("crowd in some frames of an object", place)
    return list(tracks.values())


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
