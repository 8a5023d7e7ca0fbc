"""The twelve numbers of the YouTube-VIS benchmark, as means over thresholds and categories."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches, plain_precision, plain_recall
from tpr.evaluation.matching import IOU_THRESHOLDS

ALL, SMALL, MEDIUM, LARGE = range(4)
EVERY_THRESHOLD = list(range(len(IOU_THRESHOLDS)))


@dataclass(frozen=True)
class Statistic:
    """Where one number comes from."""

    recall: bool
    area: int
    limit: int  # index into max_detections; -1: the one that is exactly 100, as AP is defined
    thresholds: tuple[int, ...] = tuple(EVERY_THRESHOLD)


STATISTICS = {
    "AP": Statistic(False, ALL, -1),
    "AP50": Statistic(False, ALL, 2, (0,)),
    "AP75": Statistic(False, ALL, 2, (5,)),
    "APs": Statistic(False, SMALL, 2),
    "APm": Statistic(False, MEDIUM, 2),
    "APl": Statistic(False, LARGE, 2),
    "AR1": Statistic(True, ALL, 0),
    "AR10": Statistic(True, ALL, 1),
    "AR100": Statistic(True, ALL, 2),
    "ARs": Statistic(True, SMALL, 2),
    "ARm": Statistic(True, MEDIUM, 2),
    "ARl": Statistic(True, LARGE, 2),
}


def limit_index(statistic: Statistic, max_detections: tuple[int, ...]) -> int | None:
    """Index into ``max_detections``; None where AP is asked for but 100 is not among them."""
    if statistic.limit >= 0:
        return statistic.limit
    return max_detections.index(100) if 100 in max_detections else None


def mean_defined(values: np.ndarray) -> np.ndarray:
    """(B, K) to (B,): mean over the categories that have true tracks, -1 where none has."""
    defined = values > -1
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), -1.0)


def summarise(
    matches: dict[int, CategoryMatches], max_detections: tuple[int, ...]
) -> tuple[dict[str, float], dict[int, float]]:
    """The twelve numbers, and AP by category; -1 where undefined."""

    @cache
    def curves(recall: bool, limit: int) -> list[np.ndarray]:
        """(A, T, R) precision or (A, T, 1) recall of each category."""
        if recall:
            return [plain_recall(one, limit)[..., None] for one in matches.values()]
        return [plain_precision(one, limit) for one in matches.values()]

    def values(statistic: Statistic) -> list[np.ndarray]:
        index = limit_index(statistic, max_detections)
        if index is None:
            return []
        found = curves(statistic.recall, max_detections[index])
        return [one[statistic.area, list(statistic.thresholds)] for one in found]

    stats = {name: mean_of(values(statistic)) for name, statistic in STATISTICS.items()}
    ap = values(STATISTICS["AP"]) or [np.full((1, 1), -1.0)] * len(matches)
    return stats, {one: mean_of([value]) for one, value in zip(matches, ap, strict=True)}


def mean_of(values: Iterable[np.ndarray]) -> float:
    """Mean of (T, R) values of those categories that have true tracks; -1 where none has.

    They are summed in the order in which the reference sums them, which decides the last bit.
    """
    defined = [value for value in values if value[0, 0] > -1]
    return float(np.mean(np.stack(defined, axis=-1).ravel())) if defined else -1.0
