"""FlowNetS's pretraining on exact flow, for real on a tiny data set."""

import json

import numpy as np
import pytest
import torch

from baselines.flownet import FlowNetS, load_public
from baselines.registry import BASELINES
from experiments.declared.manifests import load_manifests
from experiments.pipeline import flow_pairs
from experiments.pipeline.flow_pairs import FlowPairs, draw_pairs
from experiments.pipeline.flow_pretraining import end_point_errors, pretrain_flow
from experiments.pipeline.graph import Graph
from experiments.pipeline.stage_bodies import BODIES, FLOW_NETWORK
from experiments.stages.progress import QuietLog
from tests.helpers.suite_helpers import REPOSITORY
from tests.helpers.tiny import MODEL, TRAIN
from tpr.data.mini import flow
from tpr.models.build import build_model
from tpr.training import loop
from tpr.weights import checkpoint

SPEC = {
    "seed": 0,
    "network": {"width": 2, "reduction": 1},
    "pairs": {"videos": 2, "pairs": 3, "reach": 2},
    "train": {
        "iterations": 4,
        "batch_size": 2,
        "flip": 0.5,
        "margin": 8,
        "shifted": 0.5,
        "optimizer": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.0},
        "schedule": {"name": "cosine", "warmup": 1},
        "clip": 100.0,
        "checkpoint_every": 2,
        "log_every": 1,
    },
}


@pytest.fixture(scope="module")
def generator(tiny_dataset):
    return json.loads((tiny_dataset.path.parent / "info.json").read_text())


def pairs(dataset, generator, **options):
    chosen = {"videos": 3, "pairs": 4, "reach": 2, "seed": 1} | options
    return FlowPairs(dataset, generator, "train", **chosen)


def test_pairs_are_different_frames_within_reach_and_repeatable():
    drawn = draw_pairs(8, 200, 3, [0, 5])
    assert drawn == draw_pairs(8, 200, 3, [0, 5]) != draw_pairs(8, 200, 3, [0, 6])
    assert {abs(t - other) for t, other in drawn} == {1, 2, 3}
    assert all(0 <= t < 8 and 0 <= other < 8 for t, other in drawn)
    assert draw_pairs(1, 5, 3, [0]) == []


def test_pairs_hold_their_frames_and_the_exact_flow_between_them(tiny_dataset, generator):
    data = pairs(tiny_dataset, generator)
    first, second, move = data.batch(np.array([0, 8]))
    assert data.frames.shape == (12, 3, 64, 96) and data.flow.shape == (12, 2, 64, 96)
    t, other = draw_pairs(4, 4, 2, [1, 2])[0]  # the first pair of the third video
    frames = [tiny_dataset.read_frame(tiny_dataset.videos[2], k) for k in (t, other)]
    assert np.array_equal(first[1].permute(1, 2, 0).numpy(), frames[0])
    assert np.array_equal(second[1].permute(1, 2, 0).numpy(), frames[1])
    exact = flow(generator, "train", 2, t, other=other)
    np.testing.assert_allclose(move[1].permute(1, 2, 0).numpy(), exact, rtol=1e-3, atol=1e-3)


def test_flow_to_a_neighbour_is_the_forward_or_backward_flow(generator):
    for other, backward in ((2, False), (0, True)):
        expected = flow(generator, "train", 0, 1, backward=backward)
        assert np.array_equal(flow(generator, "train", 0, 1, other=other), expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_mirroring_turns_one_component_of_the_motion_around(axis):
    first, second, move = torch.rand(3, 4, 5), torch.rand(3, 4, 5), torch.rand(2, 4, 5)
    mirrored = flow_pairs.mirrored((first, second, move), axis)
    at, there = ((2, 3), (2, 1)) if axis == 0 else ((1, 3), (2, 3))
    for old, new in zip((first, second), mirrored, strict=False):
        assert torch.equal(new[:, *there], old[:, *at])
    signs = torch.tensor([-1.0, 1.0] if axis == 0 else [1.0, -1.0])
    assert torch.equal(mirrored[2][:, *there], signs * move[:, *at])


def drawn_view(shifted: float, seed: int):
    """A view of a ramp (its values tell rows and columns), 8 pixels smaller, not mirrored."""
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    ramp = torch.stack([columns, rows, 0 * rows])
    settings = {"margin": 8, "shifted": shifted, "flip": 0.0}
    pair = (ramp, ramp + 100, torch.stack([columns, rows]))
    return flow_pairs.view(pair, settings, np.random.default_rng(seed))


def test_a_view_of_two_frames_is_the_same_window_of_both():
    first, second, move = drawn_view(0.0, 0)
    assert first.shape == (3, 12, 22)
    assert torch.equal(second, first + 100)
    assert torch.equal(move, first[:2])


@pytest.mark.parametrize("seed", range(4))
def test_a_shifted_views_flow_says_where_each_pixel_went(seed):
    """first[y, x] is second[y + dy, x + dx]; with ramps: second = first - flow at each place."""
    first, second, move = drawn_view(1.0, seed)
    assert move.flatten(1).unique(dim=1).shape == (2, 1) and move.abs().max() <= 8
    assert torch.equal(first[:2] - second[:2], move)


def test_end_point_error_of_no_motion_is_the_mean_length_of_the_flow(tiny_dataset, generator):
    data, network = pairs(tiny_dataset, generator), FlowNetS(2)
    torch.nn.init.zeros_(network.predict_flow2.weight)
    found = end_point_errors(network, data, 1)
    length = data.flow.float().norm(dim=1).mean().item()
    assert found["end_point_error"] == pytest.approx(length, rel=1e-3)
    assert found["zero_flow_error"] == pytest.approx(length, rel=1e-3)
    assert found["validation_pairs"] == 12


def test_a_killed_pretraining_resumes_to_the_same_weights(tiny_dataset, generator, tmp_path):
    class Killed(Exception):
        pass

    class KilledAtThree(QuietLog):
        def progress(self, done, total, **numbers):
            if done == 3:
                raise Killed

    splits, results = {"train": tiny_dataset, "val": tiny_dataset}, []
    settings = generator | {"splits": {k: generator["splits"]["train"] for k in splits}}
    for name in ("whole", "killed"):
        out = tmp_path / name
        out.mkdir()
        if name == "killed":
            with pytest.raises(Killed):
                pretrain_flow(SPEC, settings, splits, out, KilledAtThree())
        results.append(pretrain_flow(SPEC, settings, splits, out, QuietLog()))
    states = [checkpoint.load(tmp_path / name / "weights.pt") for name in ("whole", "killed")]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert results[0]["end_point_error"] == results[1]["end_point_error"] > 0
    assert results[0]["final_losses"].keys() == {"loss_flow"}


def test_training_starts_from_the_pretrained_flow_network(tiny_dataset, tmp_path):
    """With a learning rate of 0 the trained model still has the weights that it was given."""
    flow_warp = {"warp": {"width": 2, "reduction": 1}, "merge": {}, "cpr": {"rows": [1]}}
    model_spec = MODEL | {"channels": 16, "temporal": {"name": "flow-warp"} | flow_warp}
    optimizer = {"name": "sgd", "lr": 0.0, "weight_decay": 0.0}
    settings = TRAIN | {"iterations": 1, "optimizer": optimizer}
    spec = {"model": model_spec, "train": settings, "seed": 0}
    image_model = build_model(model_spec | {"temporal": None}, len(tiny_dataset.categories))
    checkpoint.save_weights(image_model, tmp_path / "image.pt", without=loop.NEW_MODULES)
    torch.manual_seed(7)
    network = FlowNetS(2)
    checkpoint.save_weights(network, tmp_path / "flow.pt")
    parts = {FLOW_NETWORK: tmp_path / "flow.pt"}
    weights = tmp_path / "image.pt"
    loop.finetune(
        spec, tiny_dataset, weights, tmp_path, QuietLog(), temporal=BASELINES, parts=parts
    )
    trained = checkpoint.load(tmp_path / "weights.pt")
    for name, value in network.state_dict().items():
        assert torch.equal(trained[f"{FLOW_NETWORK}.{name}"], value.half())


def test_public_weights_are_taken_from_the_data_folder(tmp_path, monkeypatch):
    torch.manual_seed(1)
    network = FlowNetS(2)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "public.pth")
    monkeypatch.setenv("TPR_DATA", str(tmp_path))
    spec = {"network": {"width": 2, "reduction": 2}, "weights": "public.pth"}
    metrics = BODIES["pretrain-flow"](spec, {}, tmp_path, QuietLog())
    assert metrics["weights"] == "public.pth" and len(metrics["sha256"]) == 64
    written = checkpoint.load(tmp_path / "weights.pt")
    assert torch.equal(written["conv1.0.bias"], network.state_dict()["conv1.0.bias"].half())
    with pytest.raises(FileNotFoundError, match="no checkpoint at .*absent.pth"):
        BODIES["pretrain-flow"](spec | {"weights": "absent.pth"}, {}, tmp_path, QuietLog())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"not weights", "public.pth is no checkpoint: it begins with the text 'not w"),
        ([1, 2], "public.pth holds no state dict: it is a list"),
        ({"state_dict": {}}, "public.pth holds no state dict: no tensors, but 'state_dict' .dict."),
        ({"state_dict": {"conv1.0.weight": 3}}, "public.pth holds no state dict: no tensors"),
        ({"state_dict": 5}, "public.pth holds no state dict: no tensors, but 'state_dict' .int."),
        ({"conv1.0.weight": torch.ones(2)}, "is not FlowNetS of this width: 'conv1.0.weight' does"),
    ],
)
def test_public_weights_that_are_none_are_named_in_a_line(tmp_path, content, line):
    path = tmp_path / "public.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=line) as raised:
        load_public(FlowNetS(2), path)
    assert "\n" not in str(raised.value)


def test_only_optical_flow_warp_waits_for_the_flow_network():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    for profile in manifests.profiles:
        graph = Graph(manifests.runs, manifests.profile(profile))
        needing = [run for run in manifests.runs if "flow" in graph.train(run, 0).inputs]
        assert needing == ["blendmask-r50+flow-warp+cpr"]
