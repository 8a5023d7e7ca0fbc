"""`python -m tpr.evaluate` tells notes and errors: on standard error, in JSON, naming the file."""

import json

import pytest

from tests.evaluation.test_evaluation_notes import FRAMES, sound
from tpr.evaluate import main


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
