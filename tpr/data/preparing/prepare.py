"""Prepares YouTube-VIS or OVIS: finds it, checks all of it, and makes training and validation sets.

    python -m tpr.data prepare ytvis2019 --root DIR [--out DIR] [--official-val]

The result is a folder with train.json, val.json, frames/train and frames/val (links into --root)
and index.json, which holds checksums, the names of the held-out videos and their hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tpr.command import command, positive, say
from tpr.data.check import Check, Progress, check_split
from tpr.data.findings import KINDS, SHOWN, BrokenDataError, Finding, counted, report
from tpr.data.frames import add_follow_links
from tpr.data.json_input import entries, read_json
from tpr.data.prepared import INDEX
from tpr.data.preparing.divide import choose, divide, first_frames, first_videos, video_names, whole
from tpr.data.preparing.holdout import names_hash
from tpr.data.preparing.layouts import (
    DATASETS,
    PROBED,
    Source,
    annotation_files,
    find_annotations,
    find_frames,
)
from tpr.data.preparing.official_truth import truth_file, with_truth
from tpr.files import check_outputs, replacing
from tpr.progress_log import print_videos
from tpr.terminal import printable

RENUMBERED = {"annotation id 0": "all annotations are numbered from 1 here"}
# a category that only this data set and, of the years of YouTube-VIS, its like have
MARKS = {"ytvis2019": "sedan", "ytvis2021": "squirrel", "ytvis2022": "squirrel", "ovis": "poultry"}


def prepare(
    dataset: str,
    root: Path,
    out: Path,
    *,
    holdout: int | None = None,
    official_val: bool = False,
    limit: int | None = None,
    limit_frames: int | None = None,
    follow_links: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Writes the prepared data set to `out` and returns its index.

    holdout: how many training videos become the validation set (default: 302 of 2238 of them);
    official_val: train on all of them and take the official validation set, with its ground truth
    where that is at hand, which for most sets it is not; limit, limit_frames: look at so many
    videos for either set only, and at so many frames of each, for a trial; follow_links: read
    pictures behind links that lead out of the data set too, which the index then says. Raises
    FileNotFoundError for an unknown layout, BrokenDataError with all that was found.
    """
    if dataset not in DATASETS:
        raise ValueError(f"unknown data set {dataset!r}; known: {', '.join(DATASETS)}")
    splits = ("train", "valid") if official_val else ("train",)
    loaded = {split: load(dataset, root, split) for split in splits}
    truth = truth_file(root, dataset) if official_val else None
    if truth:
        source, record = loaded["valid"]
        loaded["valid"] = source, with_truth(record, source.json, truth)
    if out.resolve() in {source.json.parent.resolve() for source, _ in loaded.values()}:
        raise ValueError(f"{out} holds the original annotations; choose another folder for --out")
    outputs = [out / name for name in ("train.json", "val.json", INDEX)]
    check_outputs(outputs, annotation_files(root, dataset))
    if limit is not None:
        count = limit if official_val else 2 * limit
        loaded = {s: (source, first_videos(r, count)) for s, (source, r) in loaded.items()}
    if limit_frames is not None:
        loaded = {s: (source, first_frames(r, limit_frames)) for s, (source, r) in loaded.items()}
    checks = {
        split: check_split(
            record,
            source.frames,
            annotated=split == "train" or truth is not None,
            follow_links=follow_links,
            workers=workers,
            progress=progress,
        )
        for split, (source, record) in loaded.items()
    }
    findings = all_findings(checks)
    if counted(findings, usable=False):
        raise BrokenDataError(f"{dataset} in {root}", findings)
    held = [] if official_val else choose(checks["train"], holdout)
    official = loaded["valid"][1] if official_val else None
    parts = divide(loaded["train"][1], checks["train"], held, official)
    if truth:
        # there is truth for the official set only
        parts["val"] = whole(official, checks["valid"])  # pyright: ignore[reportArgumentType]
    clear(out)
    hashes = {name: write_file(out / f"{name}.json", part) for name, part in parts.items()}
    link(out / "frames" / "train", loaded["train"][0].frames)
    link(out / "frames" / "val", loaded["valid" if official_val else "train"][0].frames)
    names = video_names(checks["train"])
    index = {
        "dataset": dataset,
        "validation": validation(official_val, truth),
        "holdout": sorted(names[id] for id in held),
        "holdout_sha256": names_hash(names[id] for id in held) if held else None,
        "files": hashes,
        "sources": {split: describe(source, root) for split, (source, _) in loaded.items()},
        "videos": {split: summary(check) for split, check in checks.items()},
        "notes": counted(findings, usable=True),
    }
    if follow_links:
        index["follow_links"] = True
    index["fingerprint"] = fingerprint(index)
    write_file(out / INDEX, index)
    return index


def validation(official_val: bool, truth: Path | None) -> str:
    """The validation set in words, for the index."""
    if not official_val:
        return "hold-out"
    return f"official, with the ground truth of {truth.name}" if truth else "official"


def load(dataset: str, root: Path, split: str) -> tuple[Source, dict[str, Any]]:
    """Where the split lies, and its annotation file's content."""
    path = find_annotations(root, dataset, split)
    record = read_json(path)
    if not isinstance(record, dict) or not isinstance(record.get("videos"), list):
        raise ValueError(f'{path}: not a YouTube-VIS file (no list "videos")')
    refuse_other(record, dataset, path)
    return Source(path, find_frames(path, split, probes(record["videos"]))), record


def probes(videos: list) -> list[str]:
    """A few frames' names, with slashes, from videos all over the file."""
    names = []
    for entry in videos[:: max(len(videos) // PROBED, 1)]:
        listed = entry.get("file_names") if isinstance(entry, dict) else None
        here = [name for name in listed or [] if isinstance(name, str) and "\0" not in name]
        names += [name.replace("\\", "/") for name in here[:1]]
    return names


def all_findings(checks: dict[str, Check]) -> list[Finding]:
    return [
        Finding(kind, f"{split}: {where}")
        for split, check in checks.items()
        for kind, where in check.findings
    ]


def refuse_other(record: dict[str, Any], dataset: str, path: Path) -> None:
    """ValueError if the categories are those of another of the known data sets."""
    names = {str(entry.get("name")).lower() for entry in entries(record, "categories", str(path))}
    others = [other for other, mark in MARKS.items() if mark in names]
    if others and dataset not in others:
        raise ValueError(
            f"{path}: its categories are those of {' or '.join(others)}, not {dataset}"
        )


def clear(out: Path) -> None:
    """Removes what an interrupted call left in a folder: one without index.json is unfinished."""
    out.mkdir(parents=True, exist_ok=True)
    (out / INDEX).unlink(missing_ok=True)


def write_file(path: Path, content: dict[str, Any]) -> str:
    """Writes JSON whole and returns its sha256."""
    data = json.dumps(content, separators=(",", ":")).encode()
    with replacing(path) as draft:
        draft.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def link(path: Path, target: Path) -> None:
    """Makes `path` a link to a folder, in place of an earlier link."""
    with replacing(path) as draft:
        draft.symlink_to(target.resolve(), target_is_directory=True)


def describe(source: Source, root: Path) -> dict[str, str]:
    """The chosen files and facts of the annotation file, for the index."""
    digest = hashlib.sha256(source.json.read_bytes()).hexdigest()
    frames = source.frames.relative_to(root).as_posix()
    return {"json": source.json.relative_to(root).as_posix(), "sha256": digest, "frames": frames}


def summary(check: Check) -> dict[str, dict[str, Any]]:
    """By name of the video: id, length in frames, and the sha256 of its frames."""
    names = video_names(check)
    return {
        names[id]: {"id": id, "frames": c.video.length, "sha256": c.frames_hash}
        for id, c in check.videos.items()
    }


def fingerprint(index: dict[str, Any]) -> str:
    """sha256 over annotations and frames; where they lie does not matter."""
    content = [index["files"], index["videos"]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@command
def main(arguments: list[str]) -> None:
    """The command line; problems go to standard output, one kind after the other."""
    options = parse(arguments)
    out = options.out or options.root / f"tpr-{options.dataset}"
    try:
        index = prepare(
            options.dataset,
            options.root,
            out,
            holdout=options.holdout,
            official_val=options.official_val,
            follow_links=options.follow_links,
            workers=options.workers,
            progress=print_videos,
        )
    except BrokenDataError as error:
        print("\n".join(map(printable, report(error.findings, None if options.all else SHOWN))))
        raise
    print("\n".join(map(printable, lines(index, out))))
    if not options.official_val and (truth := truth_file(options.root, options.dataset)):
        there = f"{truth.name} is the ground truth of the official validation set"
        say(f"note: {there}: --official-val validates on it")


def parse(arguments: list[str]) -> argparse.Namespace:
    text = "Check YouTube-VIS or OVIS, and make training and validation sets of it."
    parser = argparse.ArgumentParser("python -m tpr.data prepare", description=text)
    parser.add_argument("dataset", choices=DATASETS)
    parser.add_argument("--root", type=Path, required=True, help="folder that holds the data set")
    parser.add_argument("--out", type=Path, help="result (default: tpr-DATASET in the root)")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--holdout", type=positive, help="training videos to validate on")
    choice.add_argument(
        "--official-val", action="store_true", help="train on everything, predict the official set"
    )
    add_follow_links(parser)
    parser.add_argument("--workers", type=positive, default=os.cpu_count() or 1)
    parser.add_argument("--all", action="store_true", help="list every place of every problem")
    return parser.parse_args(arguments)


def counts(index: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Videos and frames of each set that was made; held-out videos are none of the training set."""
    held = set(index["holdout"])
    found = {split: dict(videos) for split, videos in index["videos"].items()}
    if held:
        found["val"] = {name: found["train"].pop(name) for name in held}
    if "train" in found:  # not so of a user's single images
        found["train"] = {name: one for name, one in found["train"].items() if one["frames"]}
    return {
        split: (len(videos), sum(one["frames"] for one in videos.values()))
        for split, videos in found.items()
    }


def lines(index: dict[str, Any], out: Path) -> list[str]:
    """The result in lines for people."""
    text = [f"{split}: {v} videos, {f} frames" for split, (v, f) in counts(index).items()]
    if index["holdout"]:
        held = text.pop().removeprefix("val: ")
        text.append(f"held out: {held}, {index['holdout_sha256']}")
    meanings = {kind: KINDS[kind].meaning for kind in index["notes"]} | RENUMBERED
    text += [f"note: {kind}: {n} ({meanings[kind]})" for kind, n in index["notes"].items()]
    if "ground truth" in index["validation"]:
        text.append(f"val: {index['validation']}")
    return [*text, f"fingerprint: {index['fingerprint']}", f"written: {out}"]
