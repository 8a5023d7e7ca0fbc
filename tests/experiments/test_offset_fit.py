"""What an offset head can see: the fits, on planted features and end to end."""

import json

import pytest
import torch

from baselines.matched import MatchedDACR, Matching
from baselines.registry import BASELINES
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.pipeline.offset_fit import STARTS, aligned, fit_offsets
from experiments.pipeline.offset_heads import (
    LearnedHeads,
    LinearHead,
    dacr_offsets,
    matched_offsets,
    ridge,
)
from experiments.pipeline.offset_pairs import OffsetPairs
from experiments.pipeline.stage_bodies import OFFSETS
from experiments.pipeline.targets import goal_stages
from experiments.stages.progress import QuietLog
from tests.helpers.suite_helpers import REPOSITORY
from tests.helpers.tiny import MODEL, SPLIT, TRAIN
from tpr.data.mini import generate
from tpr.data.prepared import open_split
from tpr.models.build import build_model
from tpr.routing import DACR
from tpr.training.loop import NEW_MODULES
from tpr.weights import checkpoint


def pairs(moved, query, reference) -> OffsetPairs:
    inside = torch.zeros(len(query), 1, *query.shape[-2:])
    inside[..., 1:-1, 1:-1] = 1
    return OffsetPairs(query, reference, moved, inside, torch.arange(len(query)))


def test_ridge_finds_a_displacement_that_is_linear_in_the_features():
    torch.manual_seed(0)
    query, reference = torch.randn(2, 40, 3, 6, 7).unbind()
    planted = LinearHead(torch.randn(2, 6, 3, 3))
    data = pairs(planted(query, reference).detach(), query, reference)
    head, _ = ridge(data)
    torch.testing.assert_close(head.weight, planted.weight, rtol=0.05, atol=0.01)
    found = aligned(head, data)
    assert found["r2"] > 0.999 and found["positions"] == 40 * 4 * 5


def test_a_linear_head_cannot_find_where_noise_went_and_a_correlation_can():
    """Frames of noise, each moved by a whole cell to one of four sides."""
    torch.manual_seed(0)
    reference = torch.randn(400, 16, 6, 7)
    steps = torch.tensor([[1, 0], [-1, 0], [0, 1], [0, -1]])[torch.randint(4, (400,))]
    shifted = [
        x.roll((-int(dy), -int(dx)), (1, 2)) for x, (dx, dy) in zip(reference, steps, strict=True)
    ]
    moved = steps.float()[..., None, None].expand(-1, -1, 6, 7)
    known, tested = torch.arange(320), torch.arange(320, 400)
    data = pairs(moved, torch.stack(shifted), reference)
    assert aligned(ridge(data.rows(known))[0], data.rows(tested))["r2"] < 0.05
    head = Matching(2, radius=1, width=4)
    # similarities above, left of, right of and below the position, times the step there
    head.hidden.weight.data.zero_()
    head.hidden.weight.data[range(4), [1, 3, 5, 7], 1, 1] = 1.0
    head.offset.weight.data.zero_()
    head.offset.weight.data[1, [0, 3], 1, 1] = torch.tensor([-1.0, 1.0])
    head.offset.weight.data[0, [1, 2], 1, 1] = torch.tensor([-1.0, 1.0])
    assert aligned(head, data.rows(tested))["r2"] > 0.7


def test_starts_move_all_taps_of_the_reference_and_none_of_the_querys():
    torch.manual_seed(0)
    query, reference = torch.randn(2, 1, 16, 5, 6).unbind()
    linear = LinearHead(torch.randn(2, 32, 3, 3))
    dacr = DACR(16)
    dacr.offset = dacr_offsets(linear)
    heads = LearnedHeads(16, {"radius": 2, "width": 4})
    torch.nn.init.normal_(heads.matching.offset.weight)
    matched = MatchedDACR(16, radius=2, width=4)
    matched.matching = matched_offsets(heads.matching, {"radius": 2, "width": 4})
    for module, head in ((dacr, linear), (matched, heads.matching)):
        of_reference, of_query = module.offsets(query, reference)
        expected = head(query, reference).flip(1).repeat(1, 9, 1, 1)  # (dy, dx) a tap
        torch.testing.assert_close(of_reference, expected, rtol=1e-4, atol=1e-4)
        assert not of_query.any()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit")
    generate(folder / "data", {"train": SPLIT, "val": SPLIT}, seed=0)
    splits = {name: open_split(folder / "data", name) for name in ("train", "val")}
    model = MODEL | {"temporal": None}
    torch.manual_seed(0)
    weights = folder / "pretrained.pt"
    image_model = build_model(model, len(splits["train"].categories))
    checkpoint.save_weights(image_model, weights, without=NEW_MODULES)
    spec = {
        "model": model,
        "matching": {"radius": 2, "width": 4},
        "size": {"short_edge": 64, "longest": None},
        "videos": 3,
        "held_out": 2,
        "train": TRAIN | {"iterations": 3, "batch_size": 4},
        "seed": 0,
    }
    return fit_offsets(spec, splits, weights, folder, QuietLog()), folder


def test_a_fit_tells_of_every_head_on_held_out_videos(fitted):
    found, _ = fitted
    assert (found["pairs"], found["held_out_pairs"], found["level"]) == (9, 6, "p3")
    assert list(found["heads"]) == ["linear", "hidden layer", "local correlation"]
    assert len({one["none"] for one in found["heads"].values()}) == 1
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("name", ["tpr", "matched"])
def test_what_it_writes_fits_the_module_that_starts_from_it(fitted, name):
    _, folder = fitted
    temporal = {"name": name, "dacr": {} if name == "tpr" else {"radius": 2, "width": 4}}
    spec = MODEL | {"temporal": temporal | {"cpr": None}}
    model = build_model(spec, 3, temporal=BASELINES)
    part = model.get_submodule(OFFSETS[name])
    checkpoint.load_weights(part, folder / STARTS[name])
    assert any(parameter.any() for parameter in part.parameters())


def test_only_runs_that_start_from_a_fit_wait_for_one():
    manifests = load_manifests(REPOSITORY / "experiments" / "manifests")
    graph = Graph(manifests.runs, manifests.profile("mini"))
    waiting = {run for run in manifests.runs if "offsets" in graph.train(run, 0).inputs}
    assert waiting == {
        "blendmask-r50+dacr+flow-pretrained",
        "blendmask-r50+matched+flow-pretrained",
    }
    (goal,) = goal_stages(graph, manifests, ["offset-fit"], [0])
    assert goal.kind == "offset-fit" and set(goal.inputs) == {"videos", "pretrain"}
    full = Graph(manifests.runs, manifests.profile("full"))
    assert all(full.left_out(run) for run in waiting)
    assert not any("offsets" in full.train(run, 0).inputs for run in waiting)
