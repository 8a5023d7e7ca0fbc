"""Checks everything in a YouTube-VIS file and every frame it names, and goes on past defects."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tpr.data.annotations import read_annotations
from tpr.data.findings import Finding
from tpr.data.frames import inside, read_image
from tpr.data.media.pictures import PictureSizeError
from tpr.data.records import Track, Video
from tpr.data.rle import decode_strings
from tpr.data.segmentation import MaskSizeError, check_mask_size, compressed, is_missing
from tpr.terminal import printable

MESSAGE = 1000  # characters of one
Progress = Callable[[int, int], None]


class Checked(NamedTuple):
    """A video whose record is sound, its tracks, and a sha256 of its frames' names and bytes."""

    video: Video
    tracks: list[Track]
    frames_hash: str


@dataclass
class Check:
    """categories: id -> name; videos: by id, in file order."""

    categories: dict[int, str]
    videos: dict[int, Checked] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def check_split(
    record: dict[str, Any],
    frames: Path,
    *,
    annotated: bool,
    follow_links: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Check:
    """Checks a parsed file against the frames below `frames`; every image is decoded once.

    annotated: whether the split needs tracks; follow_links: as in `tpr.data.frames`.
    Raises ValueError where the file as a whole makes no sense (no list of videos or categories).
    """
    findings: list[Finding] = []
    data = read_annotations(record, lambda *found: findings.append(Finding(*found)), frames)
    tracks: dict[int, list[Track]] = defaultdict(list)
    for track in data.tracks:
        video = data.videos.get(track.video_id)
        if video and len(track.segmentations) == video.length:
            tracks[video.id].append(track)
    if annotated and not data.annotated:
        state = "null" if "annotations" in record else "missing"
        findings.append(Finding("no annotations", f'"annotations" is {state}'))
    elif annotated and not any(map(is_object, data.tracks)):
        place = f"{len(data.tracks)} tracks, none with a mask that is no crowd"
        findings.append(Finding("data set without tracks", place))
    result = Check({one.id: one.name for one in data.categories.values()}, findings=findings)
    sound = [video for video in data.videos.values() if video.width]
    jobs = [(video, tracks[video.id], frames, annotated, follow_links) for video in sound]
    for done, (digest, found) in enumerate(mapped(jobs, workers), 1):
        video, found_tracks = jobs[done - 1][:2]
        result.videos[video.id] = Checked(video, found_tracks, digest)
        result.findings += found
        if progress:
            progress(done, len(jobs))
    return result


def is_object(track: Track) -> bool:
    """Whether a track can be trained on: no crowd, and a mask in some frame."""
    return not track.iscrowd and not all(is_missing(mask) for mask in track.segmentations)


def mapped(jobs: list[tuple], workers: int) -> Iterator[tuple[str, list[Finding]]]:
    """`check_video` of all jobs in order, in this process or in `workers` others."""
    if workers <= 1 or len(jobs) < 2:
        yield from map(check_video, jobs)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        yield from pool.imap(check_video, jobs, chunksize=4)


def check_video(job: tuple[Video, list[Track], Path, bool, bool]) -> tuple[str, list[Finding]]:
    """Reads all frames and masks of one video; the hash of the frames, and what is wrong."""
    video, tracks, frames, annotated, follow_links = job
    root = inside(frames, ".")
    findings: list[Finding] = []
    if annotated and not tracks:
        findings.append(Finding("video without tracks", f"video {video.id}"))
    digest = hashlib.sha256()
    for t, name in enumerate(video.file_names):
        digest.update(f"{name}\0".encode())
        if name is None:
            findings.append(
                Finding("absent frame (null in file_names)", f"video {video.id}, frame {t}")
            )
        elif found := check_frame(frames, name, video, follow_links):
            findings.append(found)
        else:
            path = inside(frames, name, follow_links)
            digest.update(hashlib.sha256(path.read_bytes()).digest())
            if not path.is_relative_to(root):
                findings.append(outside(video, name))
    for track in tracks:
        findings += check_track(track, video)
    return digest.hexdigest(), findings


def check_frame(frames: Path, name: str, video: Video, follow_links: bool) -> Finding | None:
    """What is wrong with an image, if anything; it is decoded as training does."""
    where = f"video {video.id}: "
    try:
        read_image(frames, name, video.height, video.width, follow_links=follow_links)
    except FileNotFoundError:
        return Finding("missing frame", where + printable(name))
    except PictureSizeError as error:
        return Finding("frame of another size", where + without(error, frames))
    except ValueError as error:
        return Finding("broken frame", where + without(error, frames))
    return None


def outside(video: Video, name: str) -> Finding:
    return Finding("frame outside, behind a link", f"video {video.id}: {printable(name)}")


def without(error: Exception, frames: Path) -> str:
    """The message with file names as the annotations have them, on one line."""
    return printable(str(error).replace(f"{inside(frames, '.')}/", ""), MESSAGE)


def check_track(track: Track, video: Video) -> Iterator[Finding]:
    """Decodes every mask of a track."""
    where = f"video {video.id}, annotation {track.id}"
    present = [t for t, mask in enumerate(track.segmentations) if not is_missing(mask)]
    if not present:
        yield Finding("track without a mask", where)
    for t in present:
        place = f"{where}, frame {t}"
        try:
            area = mask_area(track.segmentations[t], video)
        except MaskSizeError as error:
            yield Finding("mask of another size than its video", f"{place}: {error}")
            continue
        except ValueError as error:
            yield Finding("broken mask", f"{place}: {error}")
            continue
        if area == 0:
            yield Finding("mask without pixels", place)
        if video.file_names[t] is None:
            yield Finding("mask on an absent frame", place)


def mask_area(segmentation: Any, video: Video) -> int:
    """Pixels of a mask of any kind; ValueError if it is malformed, MaskSizeError if it is of
    another size."""
    rle = compressed(segmentation, video.height, video.width)
    check_mask_size(rle["size"], video.height, video.width)
    return int(decode_strings([rle["counts"]], [rle["size"]]).areas[0])
