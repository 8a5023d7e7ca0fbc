"""The YouTube-VIS metric computed as the public API computes it: the loop that others are timed by.

Written from the metric's rules. For each video and category every result meets every true track,
frame by frame: two merges of masks and two areas a frame. Matching is a loop over area ranges,
thresholds, results and true tracks.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from pycocotools import mask as coco_mask

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_LEVELS = np.linspace(0, 1, 101)
RANGES = {"": (0, 1e10), "s": (0, 128**2), "m": (128**2, 256**2), "l": (256**2, 1e10)}
LIMIT = 100


def evaluate(ground_truth: dict, results: list[dict]) -> dict[str, float]:
    """The twelve numbers; masks are compressed RLE or run lists."""
    truths, found = (
        grouped(map(loaded_truth, ground_truth["annotations"])),
        grouped(measured(results)),
    )
    videos = sorted(video["id"] for video in ground_truth["videos"])
    categories = sorted(category["id"] for category in ground_truth["categories"])
    pairs = [(video, category) for category in categories for video in videos]
    best = {pair: by_score(found[pair]) for pair in pairs}
    ious = {pair: iou_table(best[pair], truths[pair]) for pair in pairs}
    numbers = {}
    for name, span in RANGES.items():
        matched = {
            category: [
                match_video(
                    best[video, category], truths[video, category], ious[video, category], span
                )
                for video in videos
            ]
            for category in categories
        }
        for limit in (LIMIT,) if name else (1, 10, LIMIT):
            curved = [curves(entries, limit) for entries in matched.values()]
            numbers[f"AR{name or limit}"] = mean([one[1] for one in curved if one])
        precision = [one[0] for one in curved if one]
        numbers[f"AP{name}"] = mean(precision)
        if not name:
            for threshold, place in (("50", 0), ("75", 5)):
                numbers[f"AP{threshold}"] = mean([one[place] for one in precision])
    return numbers


def mean(values: list[np.ndarray]) -> float:
    """Over all categories that have true tracks, in the order in which the API's arrays are."""
    return float(np.mean(np.stack(values, axis=-1).ravel())) if values else -1.0


def grouped(tracks) -> dict[tuple[int, int], list[dict]]:  # noqa: ANN001
    groups = defaultdict(list)
    for track in tracks:
        groups[track["video_id"], track["category_id"]].append(track)
    return groups


def loaded_truth(annotation: dict) -> dict:
    """Run lists become compressed, as the API makes them before it evaluates."""
    masks = [mask and compressed(mask) for mask in annotation["segmentations"]]
    return annotation | {"segmentations": masks, "area": mean_area(annotation["areas"])}


def compressed(mask: dict) -> dict:
    return coco_mask.frPyObjects(mask, *mask["size"]) if isinstance(mask["counts"], list) else mask


def measured(results: list[dict]) -> list[dict]:
    areas = [
        [mask and coco_mask.area(mask) for mask in result["segmentations"]] for result in results
    ]
    return [result | {"area": mean_area(own)} for result, own in zip(results, areas, strict=True)]


def mean_area(areas: list) -> float:
    present = [area for area in areas if area]
    return float(np.mean(present)) if present else 0.0


def by_score(results: list[dict]) -> list[dict]:
    order = np.argsort([-result["score"] for result in results], kind="mergesort")
    return [results[place] for place in order[:LIMIT]]


def iou_table(results: list[dict], truths: list[dict]) -> np.ndarray:
    table = np.zeros((len(results), len(truths)))
    for d, g in np.ndindex(table.shape):
        table[d, g] = track_iou(results[d]["segmentations"], truths[g]["segmentations"])
    return table


def track_iou(masks: list, others: list) -> float:
    shared = union = 0
    for one, other in zip(masks, others, strict=False):
        if one and other:
            shared += coco_mask.area(coco_mask.merge([one, other], True))
            union += coco_mask.area(coco_mask.merge([one, other], False))
        elif one or other:
            union += coco_mask.area(one or other)
    return float(shared / union) if union else 0.0


def match_video(
    results: list[dict], truths: list[dict], ious: np.ndarray, span: tuple
) -> tuple | None:
    """(scores (D,), hit (T, D), ignored (T, D), positives) of one video; None without tracks."""
    if not results and not truths:
        return None
    ignore = [bool(g["iscrowd"]) or not span[0] <= g["area"] <= span[1] for g in truths]
    order = np.argsort(ignore, kind="mergesort")
    hit = np.zeros((len(IOU_THRESHOLDS), len(results)), bool)
    ignored = hit.copy()
    for t, threshold in enumerate(IOU_THRESHOLDS):
        taken: set[int] = set()
        for d, result in enumerate(results):
            chosen = best_truth(ious[d], threshold, order, ignore, taken, truths)
            if chosen < 0:
                ignored[t, d] = not span[0] <= result["area"] <= span[1]
            else:
                taken.add(chosen)
                hit[t, d], ignored[t, d] = True, ignore[chosen]
    scores = np.array([result["score"] for result in results])
    return scores, hit, ignored, ignore.count(False)


def best_truth(ious, threshold, order, ignore, taken, truths) -> int:  # noqa: ANN001
    """The true track that a result takes at a threshold, or -1."""
    best, chosen = min(threshold, 1 - 1e-10), -1
    for g in order:
        if g in taken and not truths[g]["iscrowd"]:
            continue
        if chosen >= 0 and not ignore[chosen] and ignore[g]:
            break
        if ious[g] >= best:
            best, chosen = ious[g], g
    return chosen


def curves(entries: list[tuple | None], limit: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Precision (T, R) and recall (T,) of a category; None without true tracks."""
    matched = [entry for entry in entries if entry is not None]
    positives = sum(entry[3] for entry in matched)
    if not positives:
        return None
    order = np.argsort(-np.concatenate([entry[0][:limit] for entry in matched]), kind="mergesort")
    hit, ignored = (
        np.concatenate([entry[place][:, :limit] for entry in matched], axis=1)[:, order]
        for place in (1, 2)
    )
    right, wrong = (np.cumsum(flags & ~ignored, axis=1).astype(float) for flags in (hit, ~hit))
    precision = np.zeros((len(IOU_THRESHOLDS), len(RECALL_LEVELS)))
    recall = np.zeros(len(IOU_THRESHOLDS))
    for t, (tp, fp) in enumerate(zip(right, wrong, strict=True)):
        levels = tp / positives
        envelope = (tp / (fp + tp + np.spacing(1))).tolist()
        for place in range(len(envelope) - 1, 0, -1):
            envelope[place - 1] = max(envelope[place - 1], envelope[place])
        for place, reached in enumerate(np.searchsorted(levels, RECALL_LEVELS, side="left")):
            if reached < len(envelope):
                precision[t, place] = envelope[reached]
        recall[t] = levels[-1] if len(levels) else 0.0
    return precision, recall
