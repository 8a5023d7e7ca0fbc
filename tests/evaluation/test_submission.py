"""Results files: built from masks, checked as a server would, written whole or not at all."""

import json

import numpy as np
import pytest

from tpr.data.segmentation import decode
from tpr.evaluation import evaluate
from tpr.evaluation.submission import entry_from_masks, validate_results, write_results

MASK = np.zeros((4, 6), bool)
MASK[1:3, 2:5] = True
TRUTH = {
    "videos": [{"id": 3, "height": 4, "width": 6, "length": 3, "file_names": ["a", "b", "c"]}],
    "categories": [{"id": 8, "name": "ape"}],
    "annotations": None,
}


def entry(**changes) -> dict:
    return entry_from_masks(3, 8, 0.5, [MASK, None, np.zeros((4, 6), bool)]) | changes


def test_entry_from_masks():
    built = entry_from_masks(np.int64(3), 8, np.float32(0.5), np.stack([MASK, ~MASK, MASK & False]))
    assert json.loads(json.dumps(built)) == built
    np.testing.assert_array_equal(decode(built["segmentations"][1], 4, 6), ~MASK)
    assert built["segmentations"][2] is None and built["score"] == 0.5


def test_written_results_are_valid_and_evaluate_to_one(tmp_path):
    path = write_results(tmp_path / "new" / "results.json", [entry()])
    assert validate_results(TRUTH, path) == []
    annotation = {**entry(), "id": 1, "iscrowd": 0}
    metrics = evaluate({**TRUTH, "annotations": [annotation]}, path)
    assert metrics.stats["AP"] == pytest.approx(1)
    assert " " not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644


def test_numpy_values_and_bytes_are_written(tmp_path):
    rle = {"size": [np.int32(4), 6], "counts": b"d0"}
    path = write_results(tmp_path / "r.json", [{"score": np.float32(0.5), "segmentations": [rle]}])
    assert json.loads(path.read_text())[0]["segmentations"][0] == {"size": [4, 6], "counts": "d0"}


@pytest.mark.parametrize("bad", [{"score": float("nan")}, {"score": object()}])
def test_a_failed_write_leaves_the_earlier_file(tmp_path, bad):
    path = write_results(tmp_path / "results.json", [])
    with pytest.raises(ValueError, match=r"results\.json: results cannot be written"):
        write_results(path, [bad])
    assert path.read_text() == "[]" and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"video_id": 4}, "result 0 (video 4): video 4 is not in the ground truth"),
        ({"category_id": 9}, "result 0 (video 3): category 9 is unknown"),
        ({"score": float("nan")}, 'result 0 (video 3): "score" is nan, not a finite number'),
        ({"score": None}, 'result 0 (video 3): "score" is None, not a number'),
        ({"segmentations": []}, "result 0 (video 3): 0 segmentations, but the video has 3 frames"),
    ],
)
def test_problems_of_entries(changes, problem):
    assert validate_results(TRUTH, [entry(**changes)]) == [problem]


@pytest.mark.parametrize(
    ("segmentation", "problem"),
    [
        ({"size": [6, 4], "counts": "h0"}, "RLE size is [6, 4], but the video is [4, 6]"),
        ({"size": [4, 6], "counts": "6"}, "RLE counts cover 6 pixels, not 24"),
        ({"size": [4, 6], "counts": "z"}, "RLE counts hold a character outside"),
        ({"size": [4, 6], "counts": [24]}, "RLE counts are a list, not compressed RLE"),
        ({"size": [4, 6], "counts": "410b0"}, "RLE has empty runs"),
        ([[0, 0, 1, 0, 1, 1]], "polygons, not compressed RLE"),
        (True, "segmentation is a bool"),
    ],
)
def test_problems_of_masks(segmentation, problem):
    problems = validate_results(TRUTH, [entry(segmentations=[None, segmentation, None])])
    assert len(problems) == 1
    assert problems[0].startswith(f"result 0 (video 3), frame 1: {problem}")


def test_all_problems_are_listed():
    problems = validate_results(
        TRUTH, [entry(category_id=9, segmentations=[]), 5, entry(score="1")]
    )
    assert [line.split(":")[0].split(" (")[0] for line in problems] == [
        "result 0",
        "result 0",
        "result 1 is 5, not an object",
        "result 2",
    ]
    assert validate_results(TRUTH, {}) == [
        "results are not a list of objects (a results.json is a list)"
    ]
