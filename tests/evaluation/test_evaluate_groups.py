"""AP by size, length and motion of true tracks, against numbers that are known otherwise."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tpr.data.rle import encode
from tpr.evaluation import evaluate, masks
from tpr.evaluation.traits import box_overlap, frames_seen

DATA = Path(__file__).parents[1] / "data" / "ytvis"
SIZE = (40, 60)


def square(x: int, y: int, width: int, height: int) -> dict:
    mask = np.zeros(SIZE, bool)
    mask[y : y + height, x : x + width] = True
    return encode(mask)


def data(tracks: list[list]) -> tuple[dict, list[dict]]:
    """Ground truth of these tracks, and results that are exactly they."""
    entries = [{"video_id": 1, "category_id": 1, "segmentations": track} for track in tracks]
    truth = {
        "videos": [{"id": 1, "height": SIZE[0], "width": SIZE[1], "length": len(tracks[0])}],
        "categories": [{"id": 1, "name": "square"}],
        "annotations": [one | {"id": n, "iscrowd": 0} for n, one in enumerate(entries, 1)],
    }
    return truth, [one | {"score": 0.5} for one in entries]


@pytest.mark.parametrize("name", ["r28_bigger", "r26_hd_mixed", "r22_crowd_ties_mixed"])
def test_sizes_are_the_benchmarks(name):
    case = json.loads((DATA / f"{name}.json").read_text())
    metrics = evaluate(case["gt"], case["dt"], groups=["size"])
    for group, letter in zip(metrics.groups["size"], "sml", strict=True):
        assert group.stats["AP"] == case["expected"]["stats"][f"AP{letter}"]
        assert group.stats["AR100"] == case["expected"]["stats"][f"AR{letter}"]
    crowds = sum(one["iscrowd"] for one in case["gt"]["annotations"])
    in_groups = sum(group.tracks for group in metrics.groups["size"])
    assert in_groups == len(case["gt"]["annotations"]) - crowds


def test_lengths_are_thirds_and_other_tracks_are_ignored():
    tracks = [[square(9 * n, 5, 8, 8)] * n + [None] * (6 - n) for n in (1, 2, 3, 4, 5, 6)]
    truth, results = data(tracks)
    del results[4:]  # the two long ones are missed
    groups = evaluate(truth, results, groups=["length"]).groups["length"]
    assert [(g.name, g.low, g.high, g.tracks) for g in groups] == [
        ("short", 0, 2, 2), ("medium", 3, 4, 2), ("long", 5, 1e10, 2)
    ]  # fmt: skip
    assert [g.stats["AR100"] for g in groups] == [1, 1, 0]
    assert [g.stats["AP"] for g in groups[1:]] == pytest.approx([1, 0])


def test_equal_lengths_stay_together():
    truth, results = data([[square(5, 5, 9, 9)]] * 4)
    groups = evaluate(truth, results, groups=["length"]).groups["length"]
    assert [group.tracks for group in groups] == [4, 0, 0]
    assert [group.stats["AP"] for group in groups] == pytest.approx([1, -1, -1])


def test_motion_is_the_overlap_of_successive_boxes():
    still = [square(5, 5, 10, 10)] * 3
    shifted = [square(5 + 2 * t, 5, 10, 10) for t in range(3)]  # 8 of 12 columns
    jumping = [square(0, 0, 4, 4), square(30, 30, 4, 4), None]
    gone = [square(0, 0, 4, 4), None, square(0, 0, 4, 4)]
    truth, results = data([still, shifted, jumping, gone])
    groups = evaluate(truth, results, groups=["motion"]).groups["motion"]
    assert [(g.name, g.tracks, g.stats["AP"]) for g in groups] == [
        ("slow", 1, pytest.approx(1)), ("medium", 0, -1), ("fast", 2, pytest.approx(1))
    ]  # fmt: skip


@pytest.mark.parametrize("compiled", [True, False])
def test_traits_are_those_of_the_pixels(compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(masks, "compiled_part", None)
    rng = np.random.default_rng(0)
    shapes = [[rng.random((7, 9)) < p for p in rng.choice([0, 0.03, 0.4, 1], 6)] for _ in range(20)]
    tracks = [_Track([encode(shape) for shape in own]) for own in shapes]
    measured = masks.measure(tracks, 7, 9)
    seen = [sum(shape.any() for shape in own) for own in shapes]
    np.testing.assert_array_equal(frames_seen(measured), seen)
    np.testing.assert_allclose(box_overlap(measured), [_overlap(own) for own in shapes])


class _Track:
    def __init__(self, segmentations):
        self.segmentations = segmentations


def _box(shape):
    """The pixels of the box."""
    filled = np.zeros_like(shape)
    if shape.any():
        y, x = np.nonzero(shape)
        filled[y.min() : y.max() + 1, x.min() : x.max() + 1] = True
    return filled


def _overlap(shapes) -> float:
    pairs = itertools.pairwise(shapes)
    boxes = [(_box(a), _box(b)) for a, b in pairs if a.any() and b.any()]
    ious = [(a & b).sum() / (a | b).sum() for a, b in boxes]
    return np.mean(ious) if ious else np.nan
