"""The metric written out literally, slowly and on decoded masks, as a second opinion for tests."""

import numpy as np

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RANGES = {"": (0, 1e10), "s": (0, 128**2), "m": (128**2, 256**2), "l": (256**2, 1e10)}


def iou(dt: list, gt: list) -> float:
    """IoU of two lists of bool masks or None."""
    inter = union = 0
    for a, b in zip(dt, gt, strict=False):
        if a is None and b is None:
            continue
        if a is not None and b is not None and a.shape != b.shape:
            continue
        a = np.zeros_like(b) if a is None else a
        b = np.zeros_like(a) if b is None else b
        inter += int((a & b).sum())
        union += int((a | b).sum())
    return inter / union if union else 0.0


def mean_area(masks: list) -> float:
    areas = [int(m.sum()) for m in masks if m is not None and m.any()]
    return sum(areas) / len(areas) if areas else 0.0


def match_video(dts: list, gts: list, threshold: float, span: tuple) -> tuple[list, int]:
    """[(score, "tp" | "fp" | "ignored")] by falling score, and the number of positives."""
    low, high = span
    outside = [not low <= g["area"] <= high for g in gts]
    ignored = [bool(g["crowd"]) or out for g, out in zip(gts, outside, strict=True)]
    used = [False] * len(gts)
    outcome = []
    for dt in sorted(dts, key=lambda d: -d["score"]):
        best = None
        for wanted in (
            False,
            True,
        ):  # regular tracks first; ignored ones only if none of those fits
            for g, gt in enumerate(gts):
                if ignored[g] != wanted or (used[g] and not gt["crowd"]):
                    continue
                value = iou(dt["masks"], gt["masks"])
                if value >= min(threshold, 1 - 1e-10) and (best is None or value >= best[0]):
                    best = (value, g)
            if best is not None:
                break
        if best is None:
            out = not low <= mean_area(dt["masks"]) <= high
            outcome.append((dt["score"], "ignored" if out else "fp"))
        else:
            used[best[1]] = True
            outcome.append((dt["score"], "ignored" if ignored[best[1]] else "tp"))
    return outcome, ignored.count(False)


def curve(outcomes: list, positives: int) -> tuple[float, float] | None:
    """Mean precision at 101 recalls and final recall; None without positives."""
    if positives == 0:
        return None
    tp = fp = 0
    points = []
    for _, kind in sorted(outcomes, key=lambda one: -one[0]):
        tp += kind == "tp"
        fp += kind == "fp"
        points.append((tp / positives, tp / (tp + fp + np.spacing(1))))
    total = 0.0
    for level in np.linspace(0, 1, 101):
        total += max((p for recall, p in points if recall >= level), default=0.0)
    return total / 101, points[-1][0] if points else 0.0


def evaluate_literally(videos: dict, limits=(1, 10, 100)) -> dict[str, float]:
    """``videos``: id -> category -> (predictions in file order, true tracks in file order)."""
    categories = sorted({k for groups in videos.values() for k in groups})

    def mean(span, limit, which, thresholds=THRESHOLDS):
        values = []
        for category in categories:
            for threshold in thresholds:
                outcomes, positives = [], 0
                for video in sorted(videos):
                    dts, gts = videos[video].get(category, ([], []))
                    dts = sorted(dts, key=lambda d: -d["score"])[: limits[2]]
                    found, count = match_video(dts, gts, threshold, span)
                    outcomes += found[:limit]
                    positives += count
                result = curve(outcomes, positives)
                values += [] if result is None else [result[which]]
        return float(np.mean(values)) if values else -1.0

    stats = {f"AP{s}": mean(RANGES[s], limits[2], 0) for s in RANGES}
    stats["AP50"] = mean(RANGES[""], limits[2], 0, THRESHOLDS[:1])
    stats["AP75"] = mean(RANGES[""], limits[2], 0, THRESHOLDS[5:6])
    stats |= {f"AR{limit}": mean(RANGES[""], limit, 1) for limit in limits}
    stats |= {f"AR{s}": mean(RANGES[s], limits[2], 1) for s in "sml"}
    return stats
