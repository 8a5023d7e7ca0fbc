"""What makes a number misleading is counted, with its first place; the number stays the API's."""

import copy
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.evaluation.test_video_ap import cases
from tpr.data.findings import KINDS
from tpr.data.rle import encode
from tpr.evaluation import evaluate

MASK = np.zeros((6, 8), bool)
MASK[1:4, 2:6] = True
FRAMES = [encode(MASK)] * 3
HALF = encode(MASK[::2, ::2])
SIZE = {"height": 6, "width": 8, "length": 3}
RUNS = {"size": [6, 8], "counts": [13, 3, 3, 3, 3, 3, 3, 3, 14]}
WITHOUT = ("result without a mask", "track without a mask")
POLYGON = [[2, 1, 6, 1, 6, 4, 2, 4]]


def sound() -> tuple[dict, list[dict]]:
    """Two videos with an object each, and perfect results."""
    tracks = [
        {"id": n, "video_id": n, "category_id": 1, "iscrowd": 0, "segmentations": list(FRAMES)}
        for n in (1, 2)
    ]
    truth = {
        "videos": [{"id": n, **SIZE} for n in (1, 2)],
        "categories": [{"id": 1, "name": "ape"}],
        "annotations": tracks,
    }
    keys = ("video_id", "category_id", "segmentations")
    results = [{key: copy.deepcopy(t[key]) for key in keys} | {"score": 0.9} for t in tracks]
    return truth, results


def test_nothing_is_said_of_sound_files():
    metrics = evaluate(*sound())
    assert metrics.stats["AP"] == pytest.approx(1) and metrics.notes == []


def second(**changes):
    """Changes the second result."""
    return lambda truth, results: results[1].update(changes)


def video(**changes):
    return lambda truth, results: truth["videos"][1].update(changes)


def annotation(**changes):
    return lambda truth, results: truth["annotations"][1].update(changes)


@pytest.mark.parametrize(
    ("change", "kind", "count", "first", "ap"),
    [
        (
            second(segmentations=[FRAMES[0], HALF, HALF]),
            "mask of another size than its video",
            2,
            "result 1 (video 2), frame 1: [3, 4], but the video is [6, 8] (height, width)",
            1.0,
        ),
        (
            annotation(segmentations=[HALF] * 3),
            "mask of another size than its video",
            3,
            "annotation 2, frame 0: [3, 4], but the video is [6, 8] (height, width)",
            51 / 101,
        ),
        (
            second(segmentations=FRAMES[:1]),
            "masks for another number of frames",
            1,
            'result 1 (video 2): "segmentations" has 1 entries, but the video 3 frames',
            1.0,
        ),
        (
            annotation(segmentations=FRAMES * 2),
            "masks for another number of frames",
            1,
            'annotation 2: "segmentations" has 6 entries, but the video 3 frames',
            1.0,
        ),
        (
            annotation(areas=[12]),
            "boxes or areas for another number of frames",
            1,
            'annotation 2: "areas" has 1 entries, but "segmentations" 3',
            1.0,
        ),
        (annotation(id=0), "annotation id 0", 1, "annotation 0", 51 / 101),
        (annotation(iscrowd=1), "crowd", 1, "annotation 2", 1.0),
        (
            annotation(category_id=7),
            "annotation of an unknown category",
            1,
            'annotation 2: category 7 is not in "categories"',
            1.0,
        ),
        (
            annotation(video_id=7),
            "annotation of an unknown video",
            1,
            'annotation 2: video 7 is not in "videos"',
            1.0,
        ),
        (
            lambda truth, results: results.extend(copy.deepcopy(results[:1]) * 2),
            "result twice",
            2,
            "result 2 (video 1)",
            1.0 - 50 / 101 / 2,
        ),
        (
            second(category_id=0),
            "result of an unknown category",
            1,
            "result 1 (video 2): category 0",
            51 / 101,
        ),
        (
            second(segmentations=[None, {}, []]),
            "result without a mask",
            1,
            "result 1 (video 2)",
            51 / 101,
        ),
        (
            second(segmentations=[RUNS, None, RUNS]),
            "result with masks that are not compressed RLE",
            1,
            "result 1 (video 2), frame 0: RLE counts are a list, not compressed RLE",
            None,
        ),
        (
            second(segmentations=[None, POLYGON, None]),
            "result with masks that are not compressed RLE",
            1,
            "result 1 (video 2), frame 1: polygons, not compressed RLE",
            None,
        ),
        (
            video(width=0),
            "video without a size",
            1,
            "video 2: size 0 x 6 is not 1 to 268435456 pixels",
            1.0,
        ),
        (video(length=0), "video without a length", 1, 'video 2: "length" is 0', 1.0),
        (
            video(length=1e12),
            "masks for another number of frames",
            1,
            'annotation 2: "segmentations" has 3 entries, but the video 1000000000000 frames',
            1.0,
        ),
        (
            video(file_names=["a"] * 4),
            "length that is not the number of file names",
            1,
            'video 2: "length" is 3, but file_names has 4',
            1.0,
        ),
        (
            lambda truth, results: truth["videos"].append({"id": 9, **SIZE}),
            "video without tracks",
            1,
            "video 9",
            1.0,
        ),
        (
            lambda truth, results: truth["categories"].append({"id": 9, "name": "\x1b[1mcow"}),
            "category without true tracks",
            1,
            r"category 9 ('\x1b[1mcow')",
            1.0,
        ),
        (lambda truth, results: results.pop(), "video without results", 1, "video 2", 51 / 101),
        (lambda truth, results: results.clear(), "no results", 1, "the list is empty", 0.0),
        (
            lambda truth, results: truth.pop("annotations"),
            "no annotations",
            1,
            '"annotations" is missing',
            -1.0,
        ),
        (
            lambda truth, results: truth["annotations"].clear(),
            "data set without tracks",
            1,
            '"annotations" is an empty list',
            -1.0,
        ),
        (
            lambda truth, results: results.extend([results[1] | {"score": 0.1}] * 102),
            "result beyond those that count in its video and category",
            3,
            "result 101 (video 2): 100 with a higher score count",
            1.0,
        ),
    ],
)
def test_an_oddity_is_counted_and_the_number_stays(change, kind, count, first, ap):
    truth, results = sound()
    change(truth, results)
    metrics = evaluate(truth, results)
    found = {note.kind: note for note in reversed(metrics.notes)}
    assert (found[kind].count, found[kind].first) == (count, first)
    assert found[kind].sentence.startswith(f"{count} x {kind}: ")
    if ap is not None:
        assert metrics.stats["AP"] == pytest.approx(ap, abs=1e-9)


def test_results_that_fit_nothing_are_told():
    truth, results = sound()
    for result in results:
        result["segmentations"] = [encode(~MASK)] * 3
    metrics = evaluate(truth, results)
    assert metrics.stats["AP"] == 0
    assert [(note.kind, note.count) for note in metrics.notes] == [
        ("category with results of which none matches", 1),
        ("results that overlap no true track at all", 2),
    ]


def test_run_lists_and_polygons_in_results_are_the_masks_they_mean():
    truth, results = sound()
    results[0]["segmentations"] = [RUNS] * 3
    results[1]["segmentations"] = [POLYGON] * 3
    assert evaluate(truth, results).stats["AP"] == pytest.approx(1)


@settings(max_examples=60, deadline=None)
@given(cases())
def test_counts_are_those_of_the_masks(case):
    """Of videos of 4 x 5 and 3 frames, with masks of 5 x 4 among them."""
    ground_truth, results, decoded = case
    expected = Counter()
    for groups in decoded.values():
        for sides in groups.values():
            for side, kind in zip(sides, WITHOUT, strict=True):
                for track in side:
                    masks = [mask for mask in track["masks"] if mask is not None]
                    expected[kind] += not any(mask.any() for mask in masks)
                    expected["masks for another number of frames"] += len(track["masks"]) != 3
                    expected["mask of another size than its video"] += sum(
                        mask.shape != (4, 5) for mask in masks
                    )
                    expected["crowd"] += track.get("crowd", False)
    found = Counter()
    for note in evaluate(ground_truth, results).notes:
        found[note.kind] += note.count
    assert {kind: found[kind] for kind in expected} == dict(expected)


def test_every_kind_that_an_evaluation_tells_has_a_meaning():
    assert all(kind.meaning for kind in KINDS.values())


def test_data_without_an_odd_number_say_nothing():
    case = json.loads(
        (Path(__file__).parents[1] / "data/ytvis/e12_exact_thresholds.json").read_text()
    )
    assert evaluate(case["gt"], case["dt"]).notes == []
