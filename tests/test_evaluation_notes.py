"""What makes a number misleading is counted, with its first place; the number stays the API's."""

import copy
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from tests.test_video_ap import cases
from tpr.data.findings import KINDS
from tpr.data.rle import encode
from tpr.evaluate import main
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


# --- the command


@pytest.fixture
def files(tmp_path):
    def write(truth, *results):
        paths = [tmp_path / "gt.json", *(tmp_path / f"{letter}.json" for letter in "ab")]
        for path, content in zip(paths, (truth, *results), strict=False):
            path.write_text(json.dumps(content))
        return [str(path) for path in paths]

    return write


def test_notes_go_to_standard_error_and_into_json(files, capsys):
    truth, results = sound()
    truth["annotations"][1]["id"] = 0
    gt, a, _ = files(truth, results)
    assert main([gt, a, "--json"]) == 0
    told = capsys.readouterr()
    report = json.loads(told.out)
    (sentence,) = report["notes"]
    assert told.err == f"note: {sentence}\n" and sentence.startswith("1 x annotation id 0: ")
    (finding,) = report["findings"]
    assert finding == {
        "kind": "annotation id 0", "count": 1, "first": "annotation 0", "sentence": sentence
    }  # fmt: skip


def test_of_two_results_a_note_says_whose_it_is(files, capsys):
    truth, results = sound()
    truth["categories"].append({"id": 5, "name": "cow"})
    short = [results[0], results[1] | {"segmentations": FRAMES[:2]}]
    gt, a, b = files(truth, results, short)
    assert main([gt, a, "--compare", b, "--draws", "5"]) == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first.startswith("note: 1 x category without true tracks")
    assert last.startswith("note: B: 1 x masks for another number of frames")


def test_one_video_gives_no_interval(files, capsys):
    truth, results = sound()
    truth["annotations"].pop()
    gt, a, b = files(truth, results[:1], [])
    assert main([gt, a, "--compare", b, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    difference = report["differences"]["AP"]
    assert difference["value"] == pytest.approx(-1)
    assert [difference[key] for key in ("low", "high", "share_above")] == [None] * 3
    assert any("no interval" in note for note in report["notes"])
    assert main([gt, a, "--compare", b]) == 0
    assert " to " not in capsys.readouterr().out


def test_a_second_video_with_false_positives_is_one_to_draw(files, capsys):
    truth, results = sound()
    truth["annotations"].pop()
    gt, a, b = files(truth, results[:1], results)
    assert main([gt, a, "--compare", b, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["differences"]["AP"]["low"] is not None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"results": []}, 'write the list at "results" alone to the file'),
        ({"videos": []}, "they are an annotation file"),
        ([{"video_id": 5, "category_id": 1, "score": 1, "segmentations": []}], "1 of 1 results"),
        ([{"video_id": "1"}], "\"video_id\" is '1', not an integer"),
    ],
)
def test_errors_name_the_file_and_what_to_do(files, capsys, content, message):
    gt, a, b = files(sound()[0], sound()[1], content)
    assert main([gt, a, "--compare", b]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {b}: result") and message in error
    assert error.count("\n") == 1


def test_a_broken_mask_names_the_file_it_is_in(files, capsys):
    broken = [{"size": [6, 8], "counts": "zz"}]
    for place in (0, 1):
        contents = sound()
        entries = contents[0]["annotations"] if place == 0 else contents[1]
        entries[1]["segmentations"] = broken
        paths = files(*contents)
        assert main(paths[:2]) == 1
        assert capsys.readouterr().err.startswith(f"error: {paths[place]}: ")


def test_category_names_cannot_act_on_the_terminal(files, capsys):
    truth, results = sound()
    truth["categories"][0]["name"] = "\x1b[2J\n" + "x" * 10_000
    gt, a, _ = files(truth, results)
    assert main([gt, a, "--per-category"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("\\x1b[2J\\nxxx") and max(map(len, lines)) < 100


def test_every_kind_that_an_evaluation_tells_has_a_meaning():
    assert all(kind.meaning for kind in KINDS.values())


def test_data_without_an_odd_number_say_nothing():
    case = json.loads((Path(__file__).parent / "data/ytvis/e12_exact_thresholds.json").read_text())
    assert evaluate(case["gt"], case["dt"]).notes == []
