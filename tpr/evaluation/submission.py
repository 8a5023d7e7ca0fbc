"""Results files as the YouTube-VIS and OVIS servers take them: building, checking, writing."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tpr.data.json_input import shown
from tpr.data.rle import decode_strings, encode
from tpr.data.segmentation import compressed, is_missing
from tpr.evaluation.inputs import GroundTruth, Source, Track, load, read_ground_truth, read_result
from tpr.files import replacing


def entry_from_masks(
    video_id: int, category_id: int, score: float, masks: Sequence[np.ndarray | None] | np.ndarray
) -> dict:
    """One entry of results.json from (T, H, W) masks; a frame's None or empty mask becomes null.

    Masks must have the video's own resolution, one for each of its frames.
    """
    segmentations = [
        encode(np.asarray(mask)) if mask is not None and np.any(mask) else None for mask in masks
    ]
    return {
        "video_id": int(video_id),
        "category_id": int(category_id),
        "score": float(score),
        "segmentations": segmentations,
    }


def write_results(path: str | os.PathLike, entries: Iterable[dict]) -> Path:
    """Write results.json compactly and atomically; ValueError for NaN and what JSON cannot hold."""
    path = Path(path)
    try:
        text = json.dumps(list(entries), separators=(",", ":"), allow_nan=False, default=_plain)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path}: results cannot be written ({error})") from None
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    return path


def _plain(value: Any) -> Any:
    """numpy numbers and the byte strings of pycocotools as JSON values."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.decode("ascii")
    raise TypeError(f"{shown(value)} is not JSON")


def validate_results(ground_truth: Source, entries: Source) -> list[str]:
    """Everything wrong with results for these videos, one line each; empty if a server takes them.

    Stricter than ``evaluate``: lengths and sizes must be the videos', categories must be known, and
    runs must not be empty (maskApi, which servers use, stops early at them).
    """
    record = load(ground_truth)
    if isinstance(record, dict) and record.get("annotations", ()) is None:
        record = {**record, "annotations": []}  # ids and sizes are all that is needed
    truth = read_ground_truth(record)
    results = load(entries)
    if not isinstance(results, list):
        return ["results are not a list of objects (a results.json is a list)"]
    return [problem for i, entry in enumerate(results) for problem in _problems(entry, i, truth)]


def _problems(entry: Any, place: int, truth: GroundTruth) -> list[str]:
    try:
        track = read_result(entry, place)
    except ValueError as error:
        return [str(error)]
    if track.video not in truth.videos:
        return [f"{track.name}: video {shown(track.video)} is not in the ground truth"]
    problems = []
    if track.category not in truth.categories:
        problems.append(f"{track.name}: category {shown(track.category)} is unknown")
    video = truth.videos[track.video]
    names = video.get("file_names")
    frames = len(names) if isinstance(names, list) else video.get("length")
    if frames is not None and len(track.segmentations) != frames:
        found = len(track.segmentations)
        problems.append(f"{track.name}: {found} segmentations, but the video has {frames} frames")
    return problems + _mask_problems(track, [video.get("height"), video.get("width")])


def _mask_problems(track: Track, size: list) -> list[str]:
    problems = []
    for frame, segmentation in enumerate(track.segmentations):
        if is_missing(segmentation):
            continue
        try:
            problem = _mask_problem(segmentation, size)
        except ValueError as error:
            problem = str(error)
        if problem:
            problems.append(f"{track.name}, frame {frame}: {problem}")
    return problems


def _mask_problem(segmentation: Any, size: list) -> str | None:
    rle = compressed(segmentation, 1, 1)
    runs = decode_strings([rle["counts"]], [rle["size"]])
    if None not in size and rle["size"] != size:
        return f"RLE size is {rle['size']}, but the video is {size} (height, width)"
    if (runs.counts(0)[1:-1] == 0).any():
        return "RLE has empty runs, which maskApi misreads; encode the mask again"
    return None
