"""Recorded data in the suite: prepared as a stage, held out or official, and refused clearly."""

import json

import pytest

from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph, with_official_val
from experiments.pipeline.stage_bodies import BODIES, dataset
from experiments.stages.progress import Log
from tests.helpers.suite_helpers import make_root, suite
from tests.helpers.ytvis_sets import content, write
from tpr.data.findings import BrokenDataError

SPEC = {"dataset": "ytvis2019", "holdout_videos": 2}


@pytest.fixture
def root(tmp_path, monkeypatch):
    valid = content(2, first_id=9) | {"annotations": None}
    root = write(tmp_path / "data", "archive 2019", content(6), valid)
    monkeypatch.setenv("TPR_DATA", str(root))
    monkeypatch.setattr("experiments.pipeline.stage_bodies.cores", lambda: 1)
    return root


def test_the_stage_splits_the_training_set_and_says_by_which_hash(root, tmp_path):
    out = tmp_path / "stage"
    out.mkdir()
    found = BODIES["videos"](SPEC, {}, out, Log(out))
    index = json.loads((out / "index.json").read_text())
    assert found["fingerprint"] == index["fingerprint"]
    assert found["holdout_sha256"] == index["holdout_sha256"] and len(index["holdout"]) == 2
    assert (len(dataset(out, "train")), len(dataset(out, "val"))) == (4, 2)
    again = BODIES["videos"](SPEC, {}, out, Log(out))
    assert again == found


def test_the_official_validation_set_is_prepared_on_request(root, tmp_path):
    out = tmp_path / "stage"
    out.mkdir()
    spec = {"dataset": "ytvis2019", "official_val": True}
    found = BODIES["videos"](spec, {}, out, Log(out))
    assert found["validation"] == "official" and found["valid_videos"] == 2
    assert [video.id for video in dataset(out, "val").videos] == [9, 10]
    assert len(dataset(out, "train")) == 6


def test_problems_go_to_the_log_and_fail_the_stage(root, tmp_path, capsys):
    (root / "train/JPEGImages/clip002/00005.jpg").unlink()
    with pytest.raises(BrokenDataError, match="cannot be used: 1 x missing frame"):
        BODIES["videos"](SPEC, {}, tmp_path, Log(tmp_path))
    assert "train: video 3: clip002/00005.jpg" in capsys.readouterr().out


def test_official_validation_changes_data_training_and_evaluation(tmp_path):
    manifests = load_manifests(make_root(tmp_path) / "experiments" / "manifests")
    profile = manifests.profile("full")
    local, official = (
        Graph(manifests.runs, p).evaluate("blendmask-r50", 0)
        for p in (profile, with_official_val(profile))
    )
    assert official.inputs["videos"].spec == {"dataset": "ytvis2019", "official_val": True}
    assert official.inputs["train"].key != local.inputs["train"].key
    assert local.spec["evaluation"] and official.spec["evaluation"] is None
    with pytest.raises(ValueError, match="profile mini has generated data"):
        with_official_val(manifests.profile("mini"))


def test_files_for_the_server_are_named_and_no_result_is_published(root, tmp_path):
    make_root(tmp_path)
    (root / "coco-blendmask-r50-3x.pt").write_bytes(b"PK\x03\x04")  # begins as torch's files
    arguments = ("blendmask-r50", "--profile", "full", "--seeds", "0", "--data-root", str(root))
    status, output = suite(tmp_path, *arguments, "--official-val")
    assert status == 0, output
    assert "For the server: runs/full/evaluate-blendmask-r50-seed0-" in output
    assert not (tmp_path / "results").exists()
    status, output = suite(tmp_path, *arguments)
    assert status == 0 and "For the server" not in output
    assert (tmp_path / "results/full/records/blendmask-r50-seed0.json").is_file()


def test_a_missing_data_folder_is_named(tmp_path):
    make_root(tmp_path)
    status, output = suite(tmp_path, "--profile", "full", "--data-root", "nowhere")
    assert status == 2
    assert output == "error: nowhere: no such folder (from --data-root or TPR_DATA)\n"
