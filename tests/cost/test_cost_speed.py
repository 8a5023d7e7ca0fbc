"""Speed: what is measured, on a tiny model, and how rounds become numbers. Nothing is timed."""

import json

import pytest
import torch
from torch import nn

from tests.helpers.tiny import MODEL
from tpr.cost.clip import GateSetter, untrained, write_clip
from tpr.cost.speed import (
    INFER,
    Seconds,
    baseline_of,
    main,
    parse,
    play,
    summary,
    variants_of,
)
from tpr.inference.gate_log import GateLog
from tpr.inference.online import advance, track_videos
from tpr.routing.gates import SpatialGate

INFER_SPEC = INFER | {"short_edge": 64, "longest": None}


def test_ratios_are_taken_round_by_round():
    """Baseline 0.5 and 1 s a frame, the variant 1 and 4: ratios 1/2 and 1/4, not their means'."""
    rounds = {
        "base": [Seconds(0.5, 0.25), Seconds(1.0, 0.5)],
        "other": [Seconds(9.0, 9.0), Seconds(9.0, 9.0)],
        "variant": [Seconds(1.0, 0.5), Seconds(4.0, 0.5)],
    }
    found = summary(rounds, {"base": "base", "other": "other", "variant": "base"})
    assert found["variant"]["inference"]["ratio"] == {"median": 0.375, "min": 0.25, "max": 0.5}
    assert found["variant"]["inference"]["fps"] == 1 / 2.5
    assert found["variant"]["network"]["ratio"] == {"median": 0.75, "min": 0.5, "max": 1.0}
    assert found["base"]["network"]["ratio"]["min"] == 1.0
    assert found["variant"]["inference"]["seconds"] == [1.0, 4.0]


def test_a_run_is_measured_against_itself_without_its_temporal_module():
    specs = {
        "a": {"head": "a", "temporal": None},
        "b": {"head": "b", "temporal": None},
        "b+tpr": {"head": "b", "temporal": "tpr"},
        "c+tpr": {"head": "c", "temporal": "tpr"},
    }
    assert [baseline_of(run, specs) for run in specs] == ["a", "b", "b", "a"]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.25, 5), (1.0, 20)])
def test_gates_open_at_the_wanted_share_of_positions(share, expected):
    torch.manual_seed(0)
    gate, x = SpatialGate(3), torch.randn(1, 3, 4, 5)
    with GateSetter(gate, share):
        assert int((gate(x) > 0).sum()) == expected
    assert int((gate(x) > 0).sum()) == expected
    assert not gate.conv._forward_hooks


def test_command_measures_every_variant(tmp_path):
    """Baseline and TPR at two shares: speeds, ratios, and how much gated work was done."""
    runs = {
        name: {"model": MODEL | {"temporal": temporal}, "cost": {"classes": 3}}
        for name, temporal in (("a", None), ("a+tpr", MODEL["temporal"]))
    }
    costs, out = tmp_path / "costs.json", tmp_path / "out" / "speed.json"
    costs.write_text(json.dumps({"runs": runs}))
    arguments = ["--costs", costs, "--runs", "a", "a+tpr", "--open", 0, 1, "--frames", 1]
    arguments += ["--rounds", 2, "--size", 64, 96, "--devices", "cpu", "--out", out]
    assert main([str(x) for x in arguments]) == 0
    record = json.loads(out.read_text())
    assert set(record["git"]) == {"commit", "dirty"} and record["hardware"]["cores"] > 0
    (device,) = record["devices"]
    variants = device["variants"]
    assert list(variants) == ["a", "a+tpr, gates 0 % open", "a+tpr, gates 100 % open"]
    assert variants["a"]["gated_work_done"] is None
    assert variants["a+tpr, gates 0 % open"]["gated_work_done"] < 0.3
    assert variants["a+tpr, gates 100 % open"]["gated_work_done"] > 0.7
    assert [one["execution"] for one in variants.values()] == [None, "masked", "masked"]
    for one in variants.values():
        for kind in ("inference", "network"):
            assert len(one[kind]["seconds"]) == 2 and min(one[kind]["seconds"]) > 0


def test_both_executions_are_variants_of_one_model(tmp_path):
    dataset = write_clip(tmp_path, (64, 96), 2, 3)
    arguments = ["--execution", "dense", "masked", "--open", "0.5", "--detections", "2"]
    found = variants_of("a+tpr", MODEL, dataset, "cpu", parse(arguments))
    assert list(found) == [f"a+tpr, gates 50 % open, {kind}" for kind in ("dense", "masked")]
    dense, masked = found.values()
    assert (dense.execution, masked.execution) == ("dense", "masked")
    assert dense.model is masked.model and 0.1 < dense.work == masked.work < 0.9


def test_what_is_timed_is_what_inference_does(tmp_path, monkeypatch):
    """The whole goes through `advance` once a frame, detections and tracks included."""
    dataset = write_clip(tmp_path, (64, 96), 3, 3)
    model = untrained(MODEL, 3, 2)
    (expected,) = [track_videos(model, dataset, dataset.videos, INFER_SPEC, GateLog())]
    seen = []

    def noted(model, playbacks, *rest):
        seen.append(playbacks[0])
        return advance(model, playbacks, *rest)

    monkeypatch.setattr("tpr.cost.speed.advance", noted)
    play(model, dataset, "cpu")
    assert len(seen) == 3 and seen[0] is seen[2]
    ids = [category.id for category in dataset.categories]
    assert seen[0].entries(ids, 3) == expected != []


def test_command_says_what_it_lacks(tmp_path, capsys):
    assert main(["--costs", str(tmp_path / "none.json")]) == 1
    assert "run ./run_all.sh 1f" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--devices", "cpu", "--cuda-graph"], "--cuda-graph needs a GPU; devices: cpu"),
        (["--devices", "cuda"], "--devices cuda: torch finds no GPU"),
    ],
)
def test_what_needs_a_gpu_is_refused_without_one(asked, says, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    costs = tmp_path / "costs.json"
    runs = {"a": {"model": MODEL | {"temporal": None}, "cost": {"classes": 3}}}
    costs.write_text(json.dumps({"runs": runs}))
    assert main(["--costs", str(costs), "--runs", "a", *asked]) == 1
    assert says in capsys.readouterr().err


def test_setting_gates_leaves_other_modules_alone():
    with GateSetter(nn.Conv2d(2, 2, 1), 0.5) as nothing:
        assert nothing is None
