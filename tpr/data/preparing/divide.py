"""Divides a checked data set into the contents of train.json and val.json."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tpr.data.check import Check, Checked, is_object
from tpr.data.json_input import entries
from tpr.data.preparing.holdout import hold_out
from tpr.data.records import Video
from tpr.data.segmentation import compressed, is_missing

HOLDOUT_SHARE = 302 / 2238  # of YouTube-VIS 2019's training set: as many videos as its valid set


def choose(check: Check, count: int | None) -> list[int]:
    """Ids of the held-out videos."""
    names = video_names(check)
    labels = {
        names[c.video.id]: [
            check.categories[track.category_id] for track in c.tracks if is_object(track)
        ]
        for c in check.videos.values()
        if c.video.length
    }
    count = max(round(len(labels) * HOLDOUT_SHARE), 1) if count is None else count
    held = set(hold_out(labels, count))
    return [id for id, name in names.items() if name in held]


def video_names(check: Check) -> dict[int, str]:
    """By id: the folder of a video's frames, which stays the same where editions change the ids."""
    folders = {c.video.id: folder(c) for c in check.videos.values()}
    times = Counter(folders.values())
    return {id: name if times[name] == 1 else f"{name}#{id}" for id, name in folders.items()}


def folder(checked: Checked) -> str:
    first = next(filter(None, checked.video.file_names), "")
    return Path(first).parent.as_posix()


def divide(
    train: dict[str, Any], check: Check, held: list[int], official: dict[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """Contents of train.json and val.json; training videos without frames are left out.

    train, official: files of the two splits; with the latter nothing is held out.
    """
    if official is not None:
        return {"train": whole(train, check), "val": official | {"annotations": None}}
    everything = {c.video.id for c in check.videos.values() if c.video.length}
    train = renumbered(train)
    return {
        "train": subset(train, check, everything - set(held)),
        "val": subset(train, check, set(held)),
    }


def whole(record: dict[str, Any], check: Check) -> dict[str, Any]:
    """The file restricted to videos that have frames."""
    videos = {c.video.id for c in check.videos.values() if c.video.length}
    return subset(renumbered(record), check, videos)


def renumbered(record: dict[str, Any]) -> dict[str, Any]:
    """The file with annotations numbered from 1 where one of them has the id 0, which the public
    API of the evaluation reads as no match."""
    tracks = record["annotations"]
    if all(track["id"] != 0 for track in tracks):
        return record
    return record | {"annotations": [t | {"id": n} for n, t in enumerate(tracks, 1)]}


def subset(record: dict[str, Any], check: Check, ids: set[int]) -> dict[str, Any]:
    """The file with some of its videos, file names as they are read, masks compressed."""
    read = {id: check.videos[id].video for id in ids}
    videos = [
        video | {"file_names": list(read[video["id"]].file_names)}
        for video in record["videos"]
        if video["id"] in ids
    ]
    tracks = [
        track | {"segmentations": compact(track["segmentations"], read[track["video_id"]])}
        for track in record["annotations"]
        if track["video_id"] in ids
    ]
    return record | {"videos": videos, "annotations": tracks}


def compact(segmentations: list, video: Video) -> list:
    """The same masks as compressed RLE, which is smaller and quicker to read."""
    out = []
    for mask in segmentations:
        rle = None if is_missing(mask) else compressed(mask, video.height, video.width)
        out.append(rle and {"size": rle["size"], "counts": rle["counts"].decode("ascii")})
    return out


def first_frames(record: dict[str, Any], count: int) -> dict[str, Any]:
    """The file with the first `count` frames of each video, where it has more."""

    def cut(entry: dict[str, Any], *keys: str) -> dict[str, Any]:
        lists = {key: entry[key] for key in keys if isinstance(entry.get(key), list)}
        return entry | {key: values[:count] for key, values in lists.items()}

    def shorter(video: dict[str, Any]) -> dict[str, Any]:
        length = video.get("length")
        return video | ({"length": min(length, count)} if isinstance(length, int) else {})

    videos = [shorter(cut(video, "file_names")) for video in entries(record, "videos", "the file")]
    if record.get("annotations") is None:
        return record | {"videos": videos}
    tracks = entries(record, "annotations", "the file")
    per_frame = ("segmentations", "bboxes", "areas")
    return record | {"videos": videos, "annotations": [cut(track, *per_frame) for track in tracks]}


def first_videos(record: dict[str, Any], count: int) -> dict[str, Any]:
    """The file with its first `count` videos and what belongs to them."""
    videos = entries(record, "videos", "the file")[:count]
    if record.get("annotations") is None:
        return record | {"videos": videos}
    ids = [video.get("id") for video in videos]
    tracks = entries(record, "annotations", "the file")
    own = [track for track in tracks if track.get("video_id") in ids]
    return record | {"videos": videos, "annotations": own}
