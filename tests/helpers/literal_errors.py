"""Losses of AP to kinds of errors, written out literally on decoded masks, as a second opinion.

Only what AP sees of `docs/evaluator.md`: no limit of 100 results, no crowds.
"""

import numpy as np

from tests.helpers.literal_video_ap import THRESHOLDS, curve, iou

LEAST = 0.1


def followed(dt: list, gt: list) -> float:
    """IoU of the frames alone in which both have an IoU of LEAST."""
    both = [(a, b) for a, b in zip(dt, gt, strict=True) if a is not None and b is not None]
    both = [(a, b) for a, b in both if iou([a], [b]) >= LEAST]
    return iou([a for a, _ in both], [b for _, b in both]) if both else 0.0


def best_of(dt: dict, gts: list) -> tuple[float, dict | None]:
    found = 0.0, None
    for gt in gts:
        value = iou(dt["masks"], gt["masks"])
        if value > found[0]:
            found = value, gt
    return found


def kind_of(dt: dict, gts: list, threshold: float) -> tuple[str, dict | None]:
    """Of a false positive, and the true track that it means."""
    own, mine = best_of(dt, [gt for gt in gts if gt["category"] == dt["category"]])
    other, theirs = best_of(dt, [gt for gt in gts if gt["category"] != dt["category"]])
    if own >= threshold:
        return "duplicate", mine
    if own >= LEAST and followed(dt["masks"], mine["masks"]) >= threshold:
        return "temporal", mine
    if other >= threshold:
        return "classification", theirs
    if own >= LEAST:
        return "spatial", mine
    if other >= LEAST:
        return "both", theirs
    return "background", None


def ap(results: list, truths: list, categories: list) -> float:
    """``results`` are hits or not; ``truths`` those asked for."""
    values = []
    for category in categories:
        own = [(r["score"], "tp" if r["hit"] else "fp") for r in results if r["now"] == category]
        positives = sum(gt["category"] == category for gt in truths)
        values.append(curve(own, positives)[0] if positives else 1.0)
    return float(np.mean(values))


def losses_literally(results: list, truths: list) -> dict[str, float]:
    """Both are lists of dicts with video, category, masks and, of results, unequal scores."""
    categories = sorted({gt["category"] for gt in truths})
    kinds = ("classification", "duplicate", "spatial", "temporal", "both", "background", "missed")
    lost = {kind: [] for kind in kinds}
    for threshold in THRESHOLDS:
        judged, found = judge(results, truths, threshold)
        before = ap(judged, truths, categories)
        for kind in kinds:
            fixed, asked = correct(judged, truths, found, kind)
            lost[kind].append(ap(fixed, asked, categories) - before)
    return {kind: float(np.mean(values)) for kind, values in lost.items()}


def judge(results: list, truths: list, threshold: float) -> tuple[list, set]:
    """Results with `hit`, `kind`, `target` and the category that they count in `now`; ids of the
    true tracks that were found."""
    judged, found = [], set()
    for dt in results:
        gts = [gt for gt in truths if gt["video"] == dt["video"]]
        dts = [one for one in results if one["video"] == dt["video"]]
        dts = [one for one in dts if one["category"] == dt["category"]]
        same = [gt for gt in gts if gt["category"] == dt["category"]]
        target = taken(dts, same, threshold).get(dt["score"])
        hit = target is not None
        kind, meant = (None, target) if hit else kind_of(dt, gts, threshold)
        judged.append(dt | {"hit": hit, "kind": kind, "target": meant, "now": dt["category"]})
        found |= {id(target)}
    return judged, found


def taken(dts: list, gts: list, threshold: float) -> dict[float, dict]:
    """By score of a result the true track that it takes."""
    free, out = list(gts), {}
    for dt in sorted(dts, key=lambda one: -one["score"]):
        values = [iou(dt["masks"], gt["masks"]) for gt in free]
        fits = [i for i, v in enumerate(values) if v >= min(threshold, 1 - 1e-10)]
        if fits:
            out[dt["score"]] = free.pop(max(fits, key=lambda i: (values[i], i)))
    return out


def correct(judged: list, truths: list, found: set, kind: str) -> tuple[list, list]:
    if kind == "missed":
        meant = {id(r["target"]) for r in judged if r["kind"] not in (None, "duplicate")}
        return judged, [gt for gt in truths if id(gt) in found | meant]
    if kind in ("duplicate", "background"):
        return [one for one in judged if one["kind"] != kind], truths
    out, claimed = [], set()
    for one in sorted(judged, key=lambda one: -one["score"]):
        if not (one["hit"] or one["kind"] == kind):
            out.append(one)
        elif id(one["target"]) not in claimed:
            claimed.add(id(one["target"]))
            out.append(one | {"hit": True, "now": one["target"]["category"]})
    return out, truths
