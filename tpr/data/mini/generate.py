"""Writing a data set: JSON and JPEG files, deterministic and atomic."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import cv2

from tpr.data.json_input import read_json
from tpr.data.mini.annotate import document, video_files
from tpr.data.mini.settings import SplitSettings, resolve, split_settings

INFO = "info.json"
Progress = Callable[[int, int], None]


def generate(
    out: Path,
    splits: Mapping[str, Mapping | SplitSettings],
    *,
    seed: int,
    progress: Progress | None = None,
    workers: int = 1,
) -> str:
    """Write the data set ``out`` and return its fingerprint.

    ``splits`` maps a name to SplitSettings or a dict of its fields, as {"train": {"videos": 9}}.
    ``progress(done, total)`` is called after every video. The result depends on ``splits`` and
    ``seed`` only, and every video on its split's settings, the seed and its index only. A finished
    identical data set is kept; any other content of ``out`` raises ValueError.
    """
    out, settings = Path(out), resolve(splits, seed)
    if finished := existing(out, settings):
        return finished
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    remove_orphans(out)
    try:
        (partial / "frames").mkdir(parents=True)
        write_splits(partial, settings, progress, workers)
        result = fingerprint(partial)
        write_json(partial / INFO, {**settings, "fingerprint": result})
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return result


def existing(out: Path, settings: dict) -> str | None:
    """Fingerprint if ``out`` already is this data set; ValueError if it is anything else."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    try:
        info = json.loads((out / INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(
            f"mini data: {out} is not empty and not a finished data set; move or delete it"
        ) from None
    if {**settings, "fingerprint": info.get("fingerprint")} != info:
        raise ValueError(
            f"mini data: {out} holds a data set with other settings; choose another folder"
        )
    return info["fingerprint"]


def known_split(folder: Path, split: str) -> tuple[int, SplitSettings]:
    """Seed and settings of a split of a finished data set. Raises ValueError."""
    path = folder / INFO
    if not path.is_file():
        raise ValueError(f"{folder}: no generated data set (it has no {INFO})")
    info = read_json(path)
    if not isinstance(info, dict) or split not in info.get("splits", {}):
        raise ValueError(f"{path}: no split {split!r}")
    return int(info["seed"]), split_settings(split, info["splits"][split])


def remove_orphans(out: Path) -> None:
    """Delete unfinished folders that killed processes left beside ``out``."""
    for path in out.parent.glob(f".{out.name}.partial-*"):
        try:
            os.kill(int(path.name.rpartition("-")[2]), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:
            continue


def write_splits(folder: Path, settings: dict, progress: Progress | None, workers: int) -> None:
    """All splits below ``folder``."""
    total = sum(s["videos"] for s in settings["splits"].values())
    done = 0
    for split, values in settings["splits"].items():
        jobs = [(split, values, settings["seed"], i) for i in range(values["videos"])]
        videos: list[dict] = []
        annotations: list[dict] = []
        for entry, tracks, frames in mapped(jobs, workers):
            write_frames(folder / "frames" / split, entry, frames)
            add(videos, annotations, entry, tracks)
            done += 1
            if progress:
                progress(done, total)
        write_json(folder / f"{split}.json", document(videos, annotations, split))


def add(videos: list[dict], annotations: list[dict], entry: dict, tracks: list[dict]) -> None:
    """Append one video and its tracks with their ids (from 1)."""
    videos.append({**entry, "id": len(videos) + 1})
    for track in tracks:
        annotations.append({**track, "id": len(annotations) + 1, "video_id": len(videos)})


def mapped(jobs: list[tuple], workers: int) -> Iterator[tuple[dict, list[dict], list[bytes]]]:
    """``video_files`` of all jobs in order, in this process or in ``workers`` others."""
    if workers <= 1 or len(jobs) < 2:
        with one_thread():
            yield from map(video_files, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.imap(video_files, jobs, chunksize=4)


@contextmanager
def one_thread() -> Iterator[None]:
    """OpenCV on one thread: the pictures are too small to share."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def write_frames(folder: Path, entry: dict, frames: list[bytes]) -> None:
    """JPEG files of one video below frames/<split>."""
    for name, data in zip(entry["file_names"], frames, strict=True):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def write_json(path: Path, content: dict) -> None:
    """Compact JSON, the same bytes for the same content."""
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


def fingerprint(folder: Path) -> str:
    """SHA-256 over the relative names and bytes of all JSON and JPEG files, sorted by name."""
    digest = hashlib.sha256()
    files = [p for p in folder.rglob("*") if p.suffix in (".json", ".jpg") and p.name != INFO]
    for name, path in sorted((p.relative_to(folder).as_posix(), p) for p in files):
        data = path.read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
