"""Pretrained weights that ship: used when they fit, otherwise pretraining runs and says why."""

import json
import shutil

import pytest
import torch

from experiments.declared.manifests import load_manifests
from experiments.stages.outputs import sealed, take_stock
from tests.faults.damage import HARMS
from tests.helpers.suite_helpers import as_of_a_clean_tree, calls, edit, make_root, suite

PROFILE = "experiments/manifests/profiles/smoke.yaml"


def pretrained(root):
    """Head and backbone of every declared run, each pair once, and the flow network."""
    runs = load_manifests(root / "experiments" / "manifests").runs.values()
    return {run.image_model for run in runs} | {"flownets"}


@pytest.fixture
def root(tmp_path):
    """A root whose pretraining is done and shipped, with no other result."""
    root = make_root(tmp_path)
    assert suite(root, "pretrain")[0] == 0
    assert {name.split("-")[0] for name in calls(root, "end")} == {"videos", "images", "pretrain"}
    as_of_a_clean_tree(root)
    status, output = suite(root, "ship-weights")
    assert status == 0 and output.count("->") == len(pretrained(root))
    shutil.rmtree(root / "runs")
    return root


def test_the_index_names_key_file_checksum_command_and_metrics(root):
    index = json.loads((root / "weights" / "smoke" / "index.json").read_text())
    assert set(index) == pretrained(root) >= {"blendmask-r101", "blendmask-r50"}
    entry = index["blendmask-r50"]
    assert entry["file"] == "blendmask-r50.pt" and len(entry["sha256"]) == len(entry["key"]) == 64
    assert entry["command"] == "./run_all.sh pretrain --profile smoke"
    assert entry["metrics"]["AP"] == 1.0


def test_shipped_weights_replace_pretraining_and_its_images(root):
    status, output = suite(root, "blendmask-r50")
    assert status == 0, output
    assert "shipped   pretrain blendmask-r50: weights/smoke/blendmask-r50.pt" in output
    begun = {name.split("-")[0] for name in calls(root, "begin")}
    assert begun == {"videos", "train", "evaluate"}
    result = json.loads((root / "results/smoke/records/blendmask-r50-seed0.json").read_text())
    assert result["pretrain"]["file"] == "blendmask-r50.pt"
    assert result["pretrain"]["key"] == result["train"]["inputs"]["pretrain"]
    assert suite(root, "blendmask-r50")[1].startswith("Nothing to do")


def test_the_shipped_flow_network_replaces_its_pretraining(root):
    _, output = suite(root, "blendmask-r50+flow-warp+cpr", "--dry-run")
    assert "shipped pretrain-flow flownets: weights/smoke/flownets.pt" in output, output


def test_other_settings_mean_pretraining_and_say_so(root):
    edit(root / PROFILE, "iterations: 20", "iterations: 21")
    _, output = suite(root, "blendmask-r50")
    assert (
        "pretrain blendmask-r50 will run: missing; weights/smoke/blendmask-r50.pt was trained "
        "with other settings (train.iterations 20 -> 21)" in output
    )
    assert any(name.startswith("pretrain-") for name in calls(root, "end"))


def test_a_damaged_file_is_not_used(root):
    with (root / "weights" / "smoke" / "blendmask-r50.pt").open("a") as file:
        file.write("x")
    _, output = suite(root, "blendmask-r50", "--dry-run")
    assert "weights/smoke/blendmask-r50.pt is damaged (sha256 differs from the index)" in output


def test_a_missing_file_is_not_used(root):
    (root / "weights" / "smoke" / "blendmask-r50.pt").unlink()
    _, output = suite(root, "blendmask-r50", "--dry-run")
    assert "weights/smoke/blendmask-r50.pt is missing" in output


@pytest.mark.parametrize("harm", HARMS)
def test_a_harmed_index_is_told_and_not_used(root, harm):
    HARMS[harm](root / "weights" / "smoke" / "index.json")
    _, output = suite(root, "blendmask-r50", "--dry-run")
    what = "missing" if harm == "deleted" else "damaged"
    reason = f"weights/smoke/index.json is {what} (restore it: git checkout -- weights)"
    assert f"run     pretrain blendmask-r50: missing; {reason}" in output
    status, output = suite(root, "ship-weights")
    assert status == 2 and f"error: {reason}" in output


def test_unfinished_pretraining_is_not_shipped(tmp_path):
    root = make_root(tmp_path)
    status, output = suite(root, "ship-weights")
    assert status == 1
    line, *scaled = output.splitlines()
    start = "pretraining of "
    assert line.startswith(start) and line.endswith(
        " is not finished: nothing shipped for it (./run_all.sh pretrain --profile smoke makes it)"
    )
    assert set(line.removeprefix(start).split(" is ")[0].split(", ")) == pretrained(root)
    assert scaled == [
        "pretraining of blendmask-r50-width-2 is not finished: nothing shipped for it "
        "(./run_all.sh scale --profile smoke makes it)",
        "pretraining of blendmask-r50-width-4 is not finished: nothing shipped for it "
        "(./run_all.sh scale-held-out --profile smoke makes it)",
    ]
    assert not (root / "weights").exists()


def test_image_models_of_other_widths_ship_and_spare_their_pretraining(root):
    assert suite(root, "scale")[0] == 0
    as_of_a_clean_tree(root)
    status, output = suite(root, "ship-weights")
    assert status == 0
    assert "blendmask-r50-width-2 -> weights/smoke/blendmask-r50-width-2.pt" in output
    index = json.loads((root / "weights" / "smoke" / "index.json").read_text())
    assert set(index) == pretrained(root) | {"blendmask-r50-width-2"}
    entry = index["blendmask-r50-width-2"]
    assert entry["command"] == "./run_all.sh scale --profile smoke"
    shutil.rmtree(root / "runs")
    status, output = suite(root, "scale", "--dry-run")
    assert status == 0
    assert "shipped pretrain blendmask-r50-width-2: weights/smoke/" in output
    assert "run     pretrain" not in output
    status, output = suite(root, "ship-weights")
    told = output.splitlines()
    assert status == 0 and "pretrain blendmask-r50-width-2 already ships" in told
    assert [line for line in told if "not finished" in line] == told[-1:]  # of width 4


def test_a_finished_run_ships_as_a_model(tmp_path):
    root = make_root(tmp_path)
    assert suite(root, "blendmask-r50")[0] == 0
    (videos,) = (root / "runs" / "smoke").glob("videos-*")
    for weights in (root / "runs" / "smoke").glob("train-*/weights.pt"):
        torch.save({"weight": torch.ones(20, 30)}, weights)
    categories = [{"id": 1, "name": "fish"}]
    (videos / "val.json").write_text(json.dumps({"categories": categories}))
    for folder in (root / "runs" / "smoke").glob("[tv]*-*"):
        written = json.loads((folder / "record.json").read_text())
        again = sealed(written | {"outputs": take_stock(folder)})
        (folder / "record.json").write_text(json.dumps(again))
    as_of_a_clean_tree(root)
    status, output = suite(root, "ship-weights", "blendmask-r50", "blendmask-r50+tpr")
    assert status == 1  # one of the two does not ship
    assert "train blendmask-r50 seed 0 -> weights/smoke/models/blendmask-r50.pt" in output
    assert "train blendmask-r50+tpr seed 0 is not finished: nothing shipped for it" in output
    assert "(./run_all.sh blendmask-r50+tpr --profile smoke --seeds 0 makes it)" in output
    record = json.loads((root / "weights/smoke/models/blendmask-r50.json").read_text())
    assert record["command"] == "./run_all.sh blendmask-r50 --profile smoke --seeds 0"
    assert record["generated"] is True
    assert record["categories"] == categories and record["model"]["temporal"] is None
    assert record["infer"]["first_frame"] == "self" and record["metrics"] is None
    state = torch.load(root / "weights/smoke/models/blendmask-r50.pt", weights_only=True)
    assert state["weight"].dtype == torch.int8 and record["base"] is None


def test_without_a_seed_the_one_that_was_trained_ships(tmp_path):
    """And not the profile's first, of which there is nothing."""
    root = make_root(tmp_path)
    assert suite(root, "blendmask-r50", "--seeds", "4,11")[0] == 0
    for weights in (root / "runs" / "smoke").glob("train-*/weights.pt"):
        torch.save({"weight": torch.ones(20, 30)}, weights)
        written = json.loads((weights.parent / "record.json").read_text())
        again = sealed(written | {"outputs": take_stock(weights.parent)})
        (weights.parent / "record.json").write_text(json.dumps(again))
    as_of_a_clean_tree(root)
    status, output = suite(root, "ship-weights", "blendmask-r50")
    assert status == 0 and "train blendmask-r50 seed 4 -> weights/smoke/models" in output, output
    status, output = suite(root, "ship-weights", "blendmask-r50", "--seeds", "11")
    assert status == 0 and "train blendmask-r50 seed 11 -> " in output, output
