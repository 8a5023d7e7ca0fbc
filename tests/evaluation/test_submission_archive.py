"""The zip for the server: packed the same way always, and checked for every wrong layout."""

import json
import zipfile

import numpy as np
import pytest

from experiments.pipeline.stage_bodies import submission
from tpr.evaluation.archive import main, pack, validate_archive
from tpr.evaluation.submission import entry_from_masks, write_results

VIDEOS = {
    "videos": [{"id": 3, "height": 4, "width": 6, "length": 2, "file_names": ["a", "b"]}],
    "categories": [{"id": 8, "name": "ape"}],
    "annotations": None,
}


@pytest.fixture
def videos(tmp_path):
    path = tmp_path / "valid.json"
    path.write_text(json.dumps(VIDEOS))
    return path


@pytest.fixture
def results(tmp_path):
    mask = np.zeros((4, 6), bool)
    mask[1:3, 2:5] = True
    return write_results(tmp_path / "some.json", [entry_from_masks(3, 8, 0.5, [mask, None])])


def archive(path, members: dict[str, str]):
    with zipfile.ZipFile(path, "w") as out:
        for name, text in members.items():
            out.writestr(name, text)
    return path


def test_a_packed_file_has_no_problems_and_always_the_same_bytes(tmp_path, videos, results):
    first, second = (pack(results, tmp_path / name) for name in ("a.zip", "b.zip"))
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).namelist() == ["results.json"]
    assert zipfile.ZipFile(first).read("results.json") == results.read_bytes()
    assert validate_archive(videos, first) == []


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({}, "the zip holds no results.json, it is empty"),
        ({"result.json": "[]"}, "the zip holds no results.json, but 'result.json'"),
        ({"out/results.json": "[]"}, "results.json lies at 'out/results.json', not at the root"),
        ({"results.json": "[]", "x": ""}, "the zip holds 'x' beside results.json"),
        ({"results.json": "[1,"}, "results.json: not valid JSON"),
        ({"results.json": "[]"}, "results.json is an empty list"),
        ({"results.json": "{}"}, "results are not a list of objects"),
        ({"results.json": '[{"video_id": 4}]'}, "result 0"),
    ],
)
def test_wrong_layouts_are_named(tmp_path, videos, members, problem):
    found = validate_archive(videos, archive(tmp_path / "x.zip", members))
    assert len(found) == 1 and found[0].startswith(problem)


def test_a_bomb_is_not_unpacked(tmp_path, videos, monkeypatch):
    monkeypatch.setattr("tpr.evaluation.archive.LARGEST", 2**30)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("results.json", "[]")
    path.write_bytes(path.read_bytes().replace(b"\x02\0\0\0\x0c", b"\x01\0\0\x40\x0c"))
    assert validate_archive(videos, path) == ["results.json unpacks to more than 1 GiB"]


def test_what_is_no_zip_is_named(tmp_path, videos, results):
    assert "is not a readable zip file" in validate_archive(videos, results)[0]
    whole = pack(results, tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(whole[:40] + b"\xff\xff\xff" + whole[43:])
    assert "is not a readable zip file" in validate_archive(videos, tmp_path / "x.zip")[0]
    with pytest.raises(FileNotFoundError):
        validate_archive(videos, tmp_path / "y.zip")


def test_a_member_whose_name_is_no_text_is_named(tmp_path, videos):
    path = archive(tmp_path / "x.zip", {"é.json": "[]"})  # flagged as UTF-8
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    (problem,) = validate_archive(videos, path)
    assert problem.startswith("x.zip is not a readable zip file ('utf-8' codec can't decode")


def test_problems_of_the_results_are_passed_on(tmp_path, videos, results, capsys):
    entry = json.loads(results.read_text())[0] | {"category_id": 9}
    path = archive(tmp_path / "x.zip", {"results.json": json.dumps([entry])})
    assert main([str(path), "--videos", str(videos)]) == 1
    assert capsys.readouterr().out == "result 0 (video 3): category 9 is unknown\n"
    assert main([str(pack(results, path)), "--videos", str(videos)]) == 0


def test_the_stage_packs_its_results_and_refuses_what_the_server_would(tmp_path, videos, results):
    """An absent frame's entry is null; one more entry than frames is refused with its place."""
    out = tmp_path / "stage"
    out.mkdir()
    entry = json.loads(results.read_text())[0]
    write_results(out / "results.json", [entry])
    assert submission(videos, out) == {"submission": "submission.zip"}
    packed = json.loads(zipfile.ZipFile(out / "submission.zip").read("results.json"))
    assert packed[0]["segmentations"][1] is None and len(packed[0]["segmentations"]) == 2
    write_results(out / "results.json", [entry | {"segmentations": [None] * 3}])
    with pytest.raises(ValueError, match=r"1 problems.*3 segmentations, but the video has 2 fr"):
        submission(videos, out)


def test_text_that_is_no_json_text_is_named(tmp_path, videos):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("results.json", b"[\xff]")
    assert validate_archive(videos, path)[0].startswith("results.json: not valid JSON")
