"""AP of groups of true tracks: small and large, short and long, slow and fast ones.

As for the benchmark's area ranges, true tracks of other groups are ignored, and so are predictions
that match nothing and would be of another group themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches, plain_precision, plain_recall
from tpr.evaluation.matching import AREA_RANGES
from tpr.evaluation.summary import mean_of

SLOW, FAST = 0.9, 0.7  # mean IoU of successive boxes, as ImageNet VID divides them
UNITS = {"size": "pixels", "length": "frames", "motion": "box overlap"}


@dataclass(frozen=True)
class TrackGroup:
    """A group of true tracks whose trait is from ``low`` to ``high``, both included.

    AP, AP50 and AR100 in [0, 1], -1 without true tracks.
    """

    name: str
    low: float
    high: float
    tracks: int  # true ones, without crowds
    stats: dict[str, float]


def grouped(
    kind: str,
    true_values: np.ndarray,
    matches: Callable[[np.ndarray], dict[int, CategoryMatches]],
    limit: int,
) -> list[TrackGroup]:
    """Groups by a kind of trait. ``true_values`` are those of true tracks that are no crowds;
    ``matches`` gives the matches for ranges (A, 2)."""
    names, ranges = RANGES[kind](true_values)
    found = matches(ranges).values()
    precision = [plain_precision(one, limit) for one in found]
    recall = [plain_recall(one, limit)[..., None] for one in found]
    groups: list[TrackGroup] = []
    for place, (name, (low, high)) in enumerate(zip(names, ranges.tolist(), strict=True)):
        stats = {
            "AP": mean_of([one[place] for one in precision]),
            "AP50": mean_of([one[place, :1] for one in precision]),
            "AR100": mean_of([one[place] for one in recall]),
        }
        number = np.count_nonzero((true_values >= low) & (true_values <= high))
        groups.append(TrackGroup(name, low, high, int(number), stats))
    return groups


def _by_area(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    return ["small", "medium", "large"], AREA_RANGES[1:]


def _by_thirds(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Thirds of the true tracks by length; equal lengths stay in one third, so thirds may differ in
    size."""
    first, second = np.floor(np.quantile(values, [1 / 3, 2 / 3])) if len(values) else (0, 0)
    ranges = [[0, first], [first + 1, second], [second + 1, 1e10]]
    return ["short", "medium", "long"], np.array(ranges)


def _by_overlap(values: np.ndarray) -> tuple[list[str], np.ndarray]:
    ranges = [[np.nextafter(SLOW, 1), 1], [FAST, SLOW], [0, np.nextafter(FAST, 0)]]
    return ["slow", "medium", "fast"], np.array(ranges)


RANGES = {"size": _by_area, "length": _by_thirds, "motion": _by_overlap}
