"""Malformed input to the evaluation gives one line that names the place; torch stays out."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tpr.evaluation import evaluate

DATA = Path(__file__).parents[1] / "data" / "ytvis"
MALFORMED = json.loads((DATA / "errors_reference_raises.json").read_text())


def with_result(**changes):
    """A case with one object and one perfect result, which ``changes`` spoil."""
    case = perfect()
    case["dt"][0].update(changes)
    return case


def perfect() -> dict:
    return json.loads((DATA / "e01_perfect.json").read_text())


ANSWERED = {  # what the reference computes, or what replaces its exception where that is sensible
    "empty_results": {"AP": 0, "APs": 0, "APm": -1, "AR1": 0},
    "gt_without_iscrowd": {"AP": 1, "APs": 1, "APl": -1},
    "gt_without_areas": {"AP": 1, "APs": 1, "APl": -1},
    "gt_without_annotations": {"AP": -1, "AR1": -1},
    "gt_size_differs_from_video": {"AP": 1, "APs": 1, "APl": -1},
    "uncompressed_rle_in_results": {"AP": 1, "APs": 1, "APl": -1},
    "polygon_in_results": {"AP": 0, "APs": 0, "APl": -1},  # of another shape than the object
}


@pytest.mark.parametrize("case", MALFORMED, ids=lambda case: case["name"])
def test_malformed_input_is_named_or_answered(case):
    if case["name"] in ANSWERED:
        stats = evaluate(case["gt"], case["dt"]).stats
        for name, value in ANSWERED[case["name"]].items():
            assert stats[name] == pytest.approx(value, abs=1e-12)
        return
    entry = "ground truth" if "gt_" in case["name"] else "result"
    with pytest.raises(ValueError, match=rf"^{entry}[^\n]*$"):
        evaluate(case["gt"], case["dt"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": float("inf")}, "score.*inf, not a finite"),
        ({"score": 10**400}, "score.*not a finite"),
        ({"score": True}, "score.*True, not a number"),
        ({"score": None}, "score.*None, not a number"),
        ({"video_id": "1"}, "video_id.*'1', not an integer"),
        ({"video_id": 1.5}, "video_id.*1.5, not an integer"),
        ({"category_id": [1]}, "category_id"),
        ({"segmentations": None}, "segmentations.*missing or not a list"),
        ({"segmentations": [3]}, "frame 0: segmentation is a int"),
        ({"segmentations": [[[0, 1] * 30] * 40]}, "frame 0: rows of 0 and 1, not an RLE or poly"),
        ({"segmentations": [None, "x"]}, "frame 1: segmentation is a str"),
        ({"segmentations": [{"size": [40, 60]}]}, 'frame 0: RLE "counts" is null'),
        ({"segmentations": [{"counts": "0"}]}, 'frame 0: RLE "size"'),
    ],
)
def test_malformed_results_name_the_entry(changes, message):
    case = with_result(**changes)
    with pytest.raises(ValueError, match=rf"^result 0 .*{message}|^result 0: .*{message}"):
        evaluate(case["gt"], case["dt"])


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ("", "empty string"),
        ("0", "cover 0 pixels, not 2400"),
        ("P", "middle of a number"),
        ("PPPPPPPPPPPP0", "over 30 bits"),
        ("01o", "middle of a number"),
        ("zz", "outside '0' to 'o'"),
        ("\u00e9", "outside '0' to 'o'"),
        ("\x00", "outside '0' to 'o'"),
        ("N1", "negative"),
    ],
)
def test_malformed_rle_names_entry_and_frame(counts, message):
    good = perfect()["dt"][0]["segmentations"][0]
    case = with_result(segmentations=[good, {"size": [40, 60], "counts": counts}])
    with pytest.raises(ValueError, match=rf"^result 0 \(video 1\), frame 1: .*({message})"):
        evaluate(case["gt"], case["dt"])


@pytest.mark.parametrize(
    "size", [[40], [0, 60], [-40, -60], [2**20, 2**20], [10**400, 1], [40.0, 60], "ab"]
)
def test_malformed_rle_size(size):
    case = with_result(segmentations=[{"size": size, "counts": "0"}])
    with pytest.raises(ValueError, match="frame 0: RLE .*size"):
        evaluate(case["gt"], case["dt"])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=12) | st.text(st.characters(min_codepoint=48, max_codepoint=111)))
def test_any_string_is_evaluated_or_refused(counts):
    case = with_result(segmentations=[{"size": [2, 3], "counts": counts}])
    try:
        stats = evaluate(case["gt"], case["dt"]).stats
    except ValueError as error:
        assert "result 0 (video 1), frame 0: RLE" in str(error)
    else:
        assert stats["AP"] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda gt: gt["annotations"][0].pop("segmentations"), "annotation 1: .segmentations"),
        (lambda gt: gt["annotations"][0].update(areas=[float("nan")]), "annotation 1: .areas"),
        (lambda gt: gt["annotations"][0].update(iscrowd="no"), "annotation 1: .iscrowd"),
        (lambda gt: gt["annotations"].append(5), r"annotations.\[\d\] is not an object"),
        (lambda gt: gt["annotations"][0].update(segmentations=[[[1, 2]]]), "frame 0: a polygon"),
        (
            lambda gt: gt["annotations"][0].update(segmentations=[[[0, 0, 1e300, 0, 0, 9]]]),
            "frame 0: a polygon holds",
        ),
        (
            lambda gt: gt["annotations"][0].update(
                segmentations=[{"size": [40, 60], "counts": [5, 1]}]
            ),
            "frame 0: RLE counts cover 6 pixels, not 2400",
        ),
        (lambda gt: gt.pop("videos"), "videos. is missing"),
        (lambda gt: gt["videos"].append(gt["videos"][0]), "has id 1 twice"),
        (lambda gt: gt.update(categories={}), "categories. is missing or not a list"),
    ],
)
def test_malformed_ground_truth_names_the_place(change, message):
    case = perfect()
    change(case["gt"])
    with pytest.raises(ValueError, match=message):
        evaluate(case["gt"], case["dt"])


@pytest.mark.parametrize("text", ["", "{", "[1,", '{"a": NaN', "\xff", "[" * 100_000])
def test_bad_json_names_the_file(tmp_path, text):
    path = tmp_path / "results.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=r"results\.json: not valid JSON"):
        evaluate(perfect()["gt"], path)


def test_missing_and_unreadable_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.json: no such file"):
        evaluate(tmp_path / "nothing.json", [])
    with pytest.raises(ValueError, match="cannot be read"):
        evaluate(tmp_path, [])


def test_evaluation_does_not_import_torch():
    code = (
        "import sys, tpr.evaluation.submission, tpr.data.youtube_vis; print('torch' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
