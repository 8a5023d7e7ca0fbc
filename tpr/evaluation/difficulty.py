"""AP of a result's easy and hard parts, on videos whose file says what makes them hard.

Generated videos carry ``"generated": {"overlap": [a share a frame], "scale_change": [a ratio a
track], "degradation": [null or {"kind", "severity"} a frame]}``. The paper expects its gains where
objects overlap or change scale (its Fig. 1(a)); degraded frames are what a frame before can mend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tpr.data.annotations import Annotations
from tpr.data.json_input import Source, load
from tpr.data.records import Track
from tpr.evaluation.frames import as_frames
from tpr.evaluation.inputs import read_found, read_truth
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.video_ap import evaluate_tracks

AMOUNTS = ("low", "middle", "high")
FRAME_GROUPS = ("first", "clean", "degraded")  # then the kinds of degradation


@dataclass(frozen=True)
class Group:
    """A part of the validation videos or of their frames; ``ap`` is in [0, 1], -1 if undefined.

    ``low`` and ``high`` are the least and the largest amount within it, None for named groups.
    """

    name: str
    size: int
    ap: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Difficulty:
    """How hard the videos of an evaluation are, and its result frame by frame.

    ``amounts``: by grouping and video id; ``frames``: the evaluation of single frames;
    ``frame_groups``: its video ids by name of the group.
    """

    amounts: dict[str, dict[int, float]]
    frames: Metrics
    frame_groups: dict[str, list[int]]


def difficulty_of(ground_truth: Source, results: Source) -> Difficulty | None:
    """None where no video says how hard it is."""
    record = load(ground_truth)
    known = {v["id"]: v["generated"] for v in record["videos"] if v.get("generated")}
    if not known:
        return None
    truth = read_truth(record)
    found, _ = read_found(results, truth)
    frames, groups = by_frame(truth.annotations, found, known)
    amounts = {
        name: {video: amount(one) for video, one in known.items()}
        for name, amount in VIDEO_AMOUNTS.items()
    }
    return Difficulty(amounts, frames, groups)


def by_difficulty(difficulty: Difficulty | None, metrics: Metrics) -> dict[str, list[Group]]:
    """Groups by "overlap", "scale_change", "degradation" (videos) and "frames".

    ``metrics`` is the evaluation of the same results: its matches are weighted anew, no IoU of
    videos is computed again. Empty where no video says how hard it is.
    """
    if difficulty is None:
        return {}
    groups = {name: by_amount(found, metrics) for name, found in difficulty.amounts.items()}
    members = difficulty.frame_groups
    aps = _subset_aps(difficulty.frames, list(members.values()))
    frames = [Group(name, len(members[name]), ap) for name, ap in zip(members, aps, strict=True)]
    return groups | {"frames": frames}


def _worst_overlap(generated: dict[str, Any]) -> float:
    return max(generated["overlap"], default=0.0)


def _largest_scale_change(generated: dict[str, Any]) -> float:
    return max(generated["scale_change"], default=1.0)


def _mean_severity(generated: dict[str, Any]) -> float:
    severities = [one["severity"] if one else 0.0 for one in generated["degradation"]]
    return float(np.mean(severities)) if severities else 0.0


# one amount for a whole video
VIDEO_AMOUNTS: dict[str, Callable[[dict[str, Any]], float]] = {
    "overlap": _worst_overlap,
    "scale_change": _largest_scale_change,
    "degradation": _mean_severity,
}


def by_amount(amounts: dict[int, float], metrics: Metrics) -> list[Group]:
    """Thirds of the videos by amount; equal amounts stay together, so thirds may differ in size."""
    members = {name: videos for name, videos in _thirds(amounts).items() if videos}
    aps = _subset_aps(metrics, list(members.values()))
    groups: list[Group] = []
    for (name, videos), ap in zip(members.items(), aps, strict=True):
        own = [amounts[video] for video in videos]
        groups.append(Group(name, len(videos), ap, min(own), max(own)))
    return groups


def hardest(difficulty: Difficulty | None, videos: list[int]) -> dict[str, np.ndarray]:
    """By grouping (V,) 1 where a video is in the third with the highest amount, else 0."""
    if difficulty is None:
        return {}
    members = {name: set(_thirds(found)["high"]) for name, found in difficulty.amounts.items()}
    return {
        name: np.array([video in own for video in videos], np.int64)
        for name, own in members.items()
    }


def _thirds(amounts: dict[int, float]) -> dict[str, list[int]]:
    cuts = np.quantile(list(amounts.values()), [1 / 3, 2 / 3])
    members: dict[str, list[int]] = {name: [] for name in AMOUNTS}
    for video, amount in amounts.items():
        members[AMOUNTS[np.searchsorted(cuts, amount)]].append(video)
    return members


def by_frame(
    truth: Annotations, results: list[Track], known: dict[int, dict[str, Any]]
) -> tuple[Metrics, dict[str, list[int]]]:
    """Single frames: their evaluation, and its ids of the first ones, later ones clean and
    degraded, and each kind of degradation.

    A first frame has nothing before it to help, so that it stays apart, degraded or not.
    """
    frame_truth, frame_results, ids = as_frames(truth, results)
    members: dict[str, list[int]] = {name: [] for name in FRAME_GROUPS}
    for video, generated in known.items():
        for frame, degradation in enumerate(generated["degradation"]):
            if (video, frame) not in ids:  # beyond every track
                continue
            for name in _frame_groups(frame, degradation):
                members.setdefault(name, []).append(ids[video, frame])
    order = [*FRAME_GROUPS, *sorted(members.keys() - set(FRAME_GROUPS))]
    groups = {name: members[name] for name in order if members[name]}
    return evaluate_tracks(frame_truth, frame_results), groups


def _frame_groups(frame: int, degradation: dict[str, Any] | None) -> tuple[str, ...]:
    if frame == 0:
        return ("first",)
    return ("degraded", degradation["kind"]) if degradation else ("clean",)


def _subset_aps(metrics: Metrics, subsets: list[list[int]]) -> list[float]:
    """AP of each list of video ids."""
    place = {video: index for index, video in enumerate(metrics.video_ids)}
    weights = np.zeros((len(subsets), len(place)), np.int64)
    for row, videos in enumerate(subsets):
        weights[row, [place[video] for video in videos]] = 1
    return metrics.weighted(weights).tolist()
