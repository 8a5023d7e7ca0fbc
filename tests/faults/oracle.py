"""What the right answer is, worked out literally and apart from the code under test."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from tests.helpers.literal_video_ap import evaluate_literally


class NoOpinion(Exception):
    """Input whose meaning only the reference evaluation defines."""


def runs_of(counts: str | list[int]) -> list[int]:
    """Run lengths of COCO's string, symbol by symbol; ValueError where it is none."""
    if isinstance(counts, list):
        return counts
    runs: list[int] = []
    number = shift = 0
    for symbol in counts:
        group = ord(symbol) - 48
        if not 0 <= group < 64:
            raise ValueError("a character that no encoder writes")
        number |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            number -= 1 << shift
        runs.append(number + runs[-2] if len(runs) > 2 else number)
        number = shift = 0
    if shift or min(runs, default=-1) < 0:
        raise ValueError("cut off, empty or negative")
    return runs


def mask_of(segmentation: Any, height: int, width: int) -> np.ndarray | None:
    """(h, w) bool mask of any kind of segmentation, None where there is none."""
    if segmentation in (None, [], {}):
        return None
    if isinstance(segmentation, list):
        rles = coco_mask.frPyObjects(segmentation, height, width)
        return coco_mask.decode(coco_mask.merge(rles)).astype(bool)
    height, width = segmentation["size"]
    runs = runs_of(segmentation["counts"])
    if sum(runs) != height * width:
        raise ValueError("another number of pixels")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def statistics(record: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, float]:
    """All numbers of the benchmark, on decoded masks. NoOpinion for ids that stand twice."""
    videos = {v["id"]: v for v in record["videos"]}
    known = [c["id"] for c in record["categories"]]
    truths = record.get("annotations", [])
    if len({a["id"] for a in truths}) < len(truths):
        raise NoOpinion
    groups: dict = {v: defaultdict(lambda: ([], [])) for v in videos}
    for side, entries in enumerate((results, truths)):
        for entry in entries:
            if entry["video_id"] in videos and entry["category_id"] in known:
                video = videos[entry["video_id"]]
                groups[entry["video_id"]][entry["category_id"]][side].append(one(entry, video))
    return evaluate_literally(groups)


def one(entry: dict[str, Any], video: dict[str, Any]) -> dict[str, Any]:
    """A result or an annotation as tests.helpers.literal_video_ap has it."""
    height, width = video.get("height", 1), video.get("width", 1)
    masks = [mask_of(s, height, width) for s in entry["segmentations"]]
    areas = entry.get("areas")
    areas = [0 if m is None else int(m.sum()) for m in masks] if areas is None else areas
    present = [area for area in areas if area]
    return {
        "masks": masks,
        "score": entry.get("score", 0),
        "crowd": bool(entry.get("iscrowd")),
        "area": sum(present) / len(present) if present else 0.0,
    }
