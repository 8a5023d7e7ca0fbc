"""Exports "CVAT for video 1.1": a track is an object; tracks of one group and label are its parts.

The file does not name the pictures: of a task they are those of a folder called like its video
file, the task or the XML file; of an only video also those of the frame folder itself, or of the
one folder in it. They count in natural order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from tpr.data.formats.cvat_shapes import Seen, areas, between, label_of, mask_of, seen
from tpr.data.formats.cvat_xml import Export, Task
from tpr.data.formats.origin import Origin, seen_from
from tpr.data.formats.tracks import Part, VideoTracks
from tpr.data.json_input import naming, shown
from tpr.data.media.folders import list_files, list_folders
from tpr.data.media.pictures import check_picture_size, picture_size


def from_video(origin: Origin, file: Path, export: Export, *, alone: bool) -> list[VideoTracks]:
    """A video a task; alone: the file is the only one."""
    tasks = export.tasks or [Task(None, (), None, 0, 1, None)]
    if origin.single_images:
        raise ValueError(f"{file}: has tracks; --single-images is for exports of images")
    known = {task.id for task in tasks}
    for track in export.tracks if len(tasks) > 1 else ():
        if track.get("task_id") not in known:
            raise ValueError(f"{file}: track {shown(track.get('id'))} is of none of the tasks")
    alone = alone and len(tasks) == 1
    return [video_of(origin, file, export, task, alone=alone) for task in tasks]


def video_of(origin: Origin, file: Path, export: Export, task: Task, *, alone: bool) -> VideoTracks:
    own = [x for x in export.tracks if len(export.tasks) < 2 or x.get("task_id") == task.id]
    pictures = origin.pictures(folder_of(origin, file, task, alone=alone))
    with naming(file):
        places = numbered(task, pictures)
    kept = origin.kept(pictures, places.values())
    size = picture_size(kept[0])
    if task.sides:
        check_picture_size(kept[0], task.sides)
    video = VideoTracks([origin.name(path) for path in kept], size)
    order = {path: t for t, path in enumerate(kept)}
    frames = {number: order[path] for number, path in places.items()}
    for place, track in enumerate(own):
        where = f"{file}: track {shown(track.get('id', place))}"
        label = label_of(origin, track, where)
        if label is None:
            continue
        group = track.get("group_id", "0")
        name = (label, "track", place) if group == "0" else (label, "group", group)
        with naming(where):
            for t, mask in masks_of(origin, track, frames, size, where):
                part = Part(name, label, mask)
                video.add(t, part, f"{where}, {video.names[t]}", origin.tally.add)
    return video


def folder_of(origin: Origin, file: Path, task: Task, *, alone: bool) -> Path:
    """Where the task's pictures lie. FileNotFoundError naming what was looked for."""
    names = dict.fromkeys([*task.names, file.stem, file.parent.name])
    tried = [path for name in names if (path := seen_from(origin.frames, origin.frames, name))]
    if alone:
        folders = list_folders(origin.frames).paths
        tried += [origin.frames / "images", origin.frames, *(folders if len(folders) == 1 else ())]
    for folder in tried:
        if folder.is_dir() and list_files(folder).paths:
            return folder
    looked = ", ".join(map(str, tried))
    raise FileNotFoundError(f"{file}: no pictures of its video; looked in {looked}")


def numbered(task: Task, pictures: list[Path]) -> dict[int, Path]:
    """The task's pictures by their frames' numbers in the whole video, of which the folder may
    hold all pictures, or only those of the task."""
    number = len(pictures) if task.size is None else task.size
    last = task.start + (number - 1) * task.step
    if number == len(pictures):
        return {task.start + k * task.step: path for k, path in enumerate(pictures)}
    if last < len(pictures):
        return {k: pictures[k] for k in range(task.start, last + 1, task.step)}
    raise ValueError(
        f"the task has {number} frames ({task.start} to {last}), but {pictures[0].parent} "
        f"{len(pictures)} pictures: put all frames of the task there, or of the video"
    )


def masks_of(
    origin: Origin, track: Element, frames: dict[int, int], size: tuple[int, int], where: str
) -> Iterator[tuple[int, np.ndarray]]:
    """Frame and mask wherever the object is seen."""
    listed = sorted(map(seen, areas(origin, track, where)), key=lambda one: one.frame)
    for place, one in enumerate(listed):
        if one.outside:
            continue
        if one.frame not in frames:
            origin.tally.add("shape on a frame that is not there", f"{where}, frame {one.frame}")
            continue
        if one.element.tag == "box":
            origin.tally.add("box", f"{where}, frame {one.frame}")
        with naming(f"frame {one.frame}"):
            mask = mask_of(one.element, size)
        yield frames[one.frame], mask
        if place + 1 < len(listed):
            yield from gap(origin, one, listed[place + 1], frames, size, where)


def gap(
    origin: Origin,
    one: Seen,
    after: Seen,
    frames: dict[int, int],
    size: tuple[int, int],
    where: str,
) -> Iterator[tuple[int, np.ndarray]]:
    """The masks of the frames between two shapes that the file leaves out."""
    end = min(after.frame, next(reversed(frames)) + 1)  # numbers of frames ascend
    for number in filter(frames.__contains__, range(one.frame + 1, end)):
        share = (number - one.frame) / (after.frame - one.frame)
        mask = between(one.element, after, share, size)
        if mask is None:
            origin.tally.add("frame between keyframes without a shape", f"{where}, frame {number}")
        else:
            yield frames[number], mask
