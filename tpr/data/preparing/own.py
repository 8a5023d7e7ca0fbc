"""Prepares a user's own data: checks them, and makes splits of several annotation files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tpr.data.check import Check, Progress, check_split, is_object
from tpr.data.findings import BrokenDataError, Finding, counted
from tpr.data.json_input import entries, read_json
from tpr.data.prepared import INDEX
from tpr.data.preparing.divide import first_frames, first_videos, video_names, whole
from tpr.data.preparing.holdout import hold_out, names_hash
from tpr.data.preparing.prepare import clear, fingerprint, link, probes, summary, write_file

Record = dict[str, Any]


@dataclass(frozen=True)
class AnnotatedFrames:
    """A YouTube-VIS file and the folder that its file names are relative to."""

    annotations: Path
    frames: Path


@dataclass(frozen=True)
class Part:
    """A file that was checked: its whole content, names of its videos by id, and the check."""

    source: AnnotatedFrames
    record: Record
    names: dict[int, str]
    check: Check


def prepare_own(
    name: str,
    splits: Mapping[str, Sequence[AnnotatedFrames]],
    categories: Sequence[str],
    out: Path,
    *,
    share: float | None = None,
    seed: int = 0,
    limit: int | None = None,
    limit_frames: int | None = None,
    follow_links: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Record:
    """Writes <split>.json and frames/<split> of each split to `out`, and returns their index.

    categories: names of those that are trained on; tracks of others are left out and counted.
    share: of the training videos that become the split val, chosen by `seed`; limit, limit_frames:
    videos of a split and frames of a video at most, for a trial. Raises BrokenDataError with all
    that was found.
    """
    parts: dict[str, list[Part]] = {}
    for split, sources in splits.items():
        count = limit and limit * (1 if share is None else 2)
        records = limited(sources, count, limit_frames)
        parts[split] = [
            checked(source, record, len(sources) > 1 and f"{i}/", follow_links, workers, progress)
            for i, (source, record) in enumerate(records)
        ]
    findings = [
        Finding(kind, f"{part.source.annotations}: {where}")
        for part in every(parts)
        for kind, where in part.check.findings
    ]
    if counted(findings, usable=False):
        raise BrokenDataError(f"data {name}", findings)
    held = set[str]() if share is None else chosen(parts["train"], share, limit, seed)
    clear(out)
    files: dict[str, str] = {}
    other = 0  # tracks of categories that are not trained on
    for split, keep in divided(parts, held).items():
        record, frames, left_out = merged(keep, categories)
        other += left_out
        files[split] = write_file(out / f"{split}.json", record)
        link(out / "frames" / split, frames)
    index: Record = {
        "dataset": name,
        "categories": list(categories),
        "validation": "own files" if share is None else "hold-out",
        "holdout": sorted(held),
        "holdout_sha256": names_hash(held) if held else None,
        "files": files,
        "sources": {split: [describe(part.source) for part in parts[split]] for split in parts},
        "videos": {split: summaries(parts[split]) for split in parts},
        "notes": counted(findings, usable=True)
        | ({"track of a category that is not trained on": other} if other else {}),
    }
    if follow_links:
        index["follow_links"] = True
    index["fingerprint"] = fingerprint(index)
    write_file(out / INDEX, index)
    return index


def content(path: Path) -> Record:
    """An annotation file's. ValueError where it is no object."""
    record = read_json(path)
    if not isinstance(record, dict) or not isinstance(record.get("videos"), list):
        raise ValueError(
            f'{path}: not a YouTube-VIS file (no list "videos"): `python -m tpr.data import` '
            "makes one of other formats"
        )
    return record


def category_names(path: Path) -> list[str]:
    """Of an annotation file, in its order."""
    return [str(one.get("name")) for one in entries(content(path), "categories", str(path))]


def first_names(path: Path) -> list[str]:
    """A few of an annotation file's frames."""
    return probes(content(path)["videos"])


def limited(
    sources: Iterable[AnnotatedFrames], videos: int | None, frames: int | None
) -> list[tuple[AnnotatedFrames, Record]]:
    """Contents of files, of their first videos and frames if asked for."""
    found: list[tuple[AnnotatedFrames, Record]] = []
    for source in sources:
        record = content(source.annotations)
        if videos is not None:
            record = first_videos(record, videos)
            videos -= len(record["videos"])
        if record["videos"] or videos is None:
            found.append((source, first_frames(record, frames) if frames else record))
    return found


def checked(
    source: AnnotatedFrames,
    record: Record,
    prefix: str | bool,
    follow_links: bool,
    workers: int,
    progress: Progress | None,
) -> Part:
    """prefix: of the videos' names, which may be alike in several files."""
    check = check_split(
        record,
        source.frames,
        annotated=True,
        follow_links=follow_links,
        workers=workers,
        progress=progress,
    )
    names = {id: f"{prefix or ''}{name}" for id, name in video_names(check).items()}
    return Part(source, record, names, check)


def every(parts: Mapping[str, Sequence[Part]]) -> list[Part]:
    return [part for own in parts.values() for part in own]


def chosen(parts: Sequence[Part], share: float, limit: int | None, seed: int) -> set[str]:
    """Names of the held-out videos, such that categories are on both sides where that goes."""
    labels = {
        f"{seed} {part.names[c.video.id]}": [
            part.check.categories[track.category_id] for track in c.tracks if is_object(track)
        ]
        for part in parts
        for c in part.check.videos.values()
        if c.video.length
    }
    count = min(max(round(len(labels) * share), 1), limit or len(labels))
    return {name.partition(" ")[2] for name in hold_out(labels, count)}


def divided(
    parts: Mapping[str, Sequence[Part]], held: set[str]
) -> dict[str, list[tuple[Part, set[int]]]]:
    """By split the parts and the ids of their videos in it; those without frames are left out."""
    found: dict[str, list[tuple[Part, set[int]]]] = {}
    for split, own in parts.items():
        for part in own:
            there = {c.video.id for c in part.check.videos.values() if c.video.length}
            kept = {id for id in there if split != "train" or part.names[id] not in held}
            found.setdefault(split, []).append((part, kept))
            if there - kept:
                found.setdefault("val", []).append((part, there - kept))
    return found


def merged(
    parts: Sequence[tuple[Part, set[int]]], categories: Sequence[str]
) -> tuple[Record, Path, int]:
    """One file of several with new ids, the folder that its names are relative to, and how many
    tracks of other categories were left out."""
    roots = [Path(os.path.realpath(part.source.frames)) for part, _ in parts]
    root = Path(os.path.commonpath(roots))
    numbers = {name: number for number, name in enumerate(categories, 1)}
    videos: list[Record] = []
    tracks: list[Record] = []
    other = 0
    for (part, ids), folder in zip(parts, roots, strict=True):
        record, below = whole(part.record, part.check), folder.relative_to(root)
        new: dict[int, int] = {}
        for video in record["videos"]:
            if video["id"] in ids:
                new[video["id"]] = len(videos) + 1
                names = [name and (below / name).as_posix() for name in video["file_names"]]
                videos.append(video | {"id": len(videos) + 1, "file_names": names})
        for track in record["annotations"]:
            if track["video_id"] not in new:
                continue
            number = numbers.get(part.check.categories[track["category_id"]])
            if number is None:
                other += 1
                continue
            changes = {"id": len(tracks) + 1, "video_id": new[track["video_id"]]}
            tracks.append(track | changes | {"category_id": number})
    found = {
        "videos": videos,
        "categories": [{"id": number, "name": name} for name, number in numbers.items()],
        "annotations": tracks,
    }
    return found, root, other


def describe(source: AnnotatedFrames) -> dict[str, str]:
    """A file by its name alone: where it lies says nothing about the data."""
    digest = hashlib.sha256(source.annotations.read_bytes()).hexdigest()
    return {"json": source.annotations.name, "sha256": digest}


def summaries(parts: Sequence[Part]) -> dict[str, Any]:
    """As of a prepared data set, by the names that the videos have here."""
    found: dict[str, Any] = {}
    for part in parts:
        for one in summary(part.check).values():
            found[part.names[one["id"]]] = one
    return found
