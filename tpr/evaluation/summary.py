"""The twelve numbers of the YouTube-VIS benchmark, as means over thresholds and categories."""

from dataclasses import dataclass

import numpy as np

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
    """(B, T, K) to (B,): mean over the categories that have true tracks, -1 where none has."""
    values = np.moveaxis(values, -1, 1)  # categories first: T is never partly defined
    defined = values[:, :, 0] > -1  # (B, K)
    total = np.where(defined, values.mean(axis=2), 0).sum(axis=1)
    count = defined.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), -1.0)
