"""Results files as the YouTube-VIS and OVIS servers take them: building, checking, writing."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from tpr.data.annotations import Annotations, read_annotations
from tpr.data.findings import Tally
from tpr.data.json_input import Source, load, naming, shown
from tpr.data.records import Track, Video
from tpr.data.results import first_not_compressed, not_a_list, parse_result
from tpr.data.rle import decode_strings, encode
from tpr.data.segmentation import check_mask_size, compressed, is_missing
from tpr.files import replacing


def entry_from_masks(
    video_id: int, category_id: int, score: float, masks: Sequence[np.ndarray | None] | np.ndarray
) -> dict[str, Any]:
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


def write_results(path: str | os.PathLike[str], entries: Iterable[dict[str, Any]]) -> Path:
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
        return cast(Any, value).item()
    if isinstance(value, bytes):
        return value.decode("ascii")
    raise TypeError(f"{shown(value)} is not JSON")


def validate_results(ground_truth: Source, entries: Source) -> list[str]:
    """Everything wrong with results for these videos, one line each; empty if a server takes them.

    Stricter than ``evaluate``: lengths and sizes must be the videos', categories must be known, and
    runs must not be empty (maskApi, which servers use, stops early at them).
    """
    record = load(ground_truth)
    with naming(ground_truth):
        truth = read_annotations(record, Tally().add, None)
    results = load(entries)
    if not isinstance(results, list):
        return [not_a_list(results)]
    entries = cast(list[Any], results)
    return [problem for i, one in enumerate(entries) for problem in _problems(one, i, truth)]


def _problems(entry: Any, place: int, truth: Annotations) -> list[str]:
    try:
        track = parse_result(entry, place)
    except ValueError as error:
        return [str(error)]
    if track.video_id not in truth.videos:
        return [f"{track.name}: video {shown(track.video_id)} is not in the ground truth"]
    problems: list[str] = []
    if track.category_id not in truth.categories:
        problems.append(f"{track.name}: category {shown(track.category_id)} is unknown")
    video, found = truth.videos[track.video_id], len(track.segmentations)
    if video.length and found != video.length:
        frames = f"the video has {video.length} frames"
        problems.append(f"{track.name}: {found} segmentations, but {frames}")
    if unread := first_not_compressed(track):
        frame, what = unread
        return [*problems, f"{track.name}, frame {frame}: {what}"]
    return problems + _mask_problems(track, video)


def _mask_problems(track: Track, video: Video) -> list[str]:
    problems: list[str] = []
    for frame, segmentation in enumerate(track.segmentations):
        if is_missing(segmentation):
            continue
        try:
            problem = _mask_problem(segmentation, video)
        except ValueError as error:
            problem = str(error)
        if problem:
            problems.append(f"{track.name}, frame {frame}: {problem}")
    return problems


def _mask_problem(segmentation: Any, video: Video) -> str | None:
    rle = compressed(segmentation, 1, 1)
    runs = decode_strings([rle["counts"]], [rle["size"]])
    if video.width:
        check_mask_size(rle["size"], video.height, video.width)
    if (runs.counts(0)[1:-1] == 0).any():
        return "RLE has empty runs, which maskApi misreads; encode the mask again"
    return None
