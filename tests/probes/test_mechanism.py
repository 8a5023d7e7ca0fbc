"""Probes are probed: with modules whose displacements are known."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from baselines.registry import BASELINES
from tests.baselines.test_baselines import SPECS
from tests.helpers.tiny import INFER, MODEL, SPLIT
from tpr.data.mini import generate
from tpr.data.mini.rigs import CATEGORIES
from tpr.data.prepared import open_split
from tpr.data.transforms import Geometry
from tpr.models.build import build_model
from tpr.probes.alignment import Alignment
from tpr.probes.listening import effective_displacement, listening
from tpr.probes.mechanism import Mechanism, probe, walk
from tpr.probes.truth import Truth, cells
from tpr.routing import DACR, Frame, TemporalPyramidRouting
from tpr.routing.warp import stride_of
from tpr.weights.checkpoint import save_weights

CLASSES = len(CATEGORIES)
SETTINGS = INFER | {"first_frame": "skip"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probes") / "data"
    generate(folder, {"val": SPLIT | {"videos": 6}}, seed=1)
    return open_split(folder, "val")


class Planted(DACR):
    """DACR whose offsets a test chooses: (dx, dy) a level for the call's videos."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, identity_init=True, residual_init=0.0)
        self.chosen: dict[str, torch.Tensor] = {}

    def offsets(self, query, reference):
        found = self.chosen[query.shape]
        taps = found.flip(1).repeat(1, 9, 1, 1)
        return taps, torch.zeros_like(taps)


def planted(dataset, displacement):
    """The probe's findings where the module looks at displacement(video, t, level size, stride)."""
    torch.manual_seed(0)
    model = build_model(MODEL | {"temporal": None}, CLASSES).eval()
    dacr = Planted(64)
    model.temporal = TemporalPyramidRouting(dacr, None)
    found = Mechanism(Truth(dataset))
    time = iter(range(1, 100))

    def plan(module, inputs):
        t = next(time)
        for level, x in inputs[0].pyramid.items():
            size, stride = x.shape[-2:], stride_of(level)
            fields = [displacement(video, t, size, stride) for video in group]
            dacr.chosen[x.shape] = torch.stack(fields).float()

    model.temporal.register_forward_pre_hook(plan)
    group = dataset.videos
    walk(model, model.temporal, dataset, group, SETTINGS, found)
    return found.summary()


def exactly(dataset):
    truth = Truth(dataset)

    def displacement(video, t, size, stride):
        pixels = truth.pixels(video, t, t - 1, Geometry(SPLIT["height"], SPLIT["width"], False))
        return torch.from_numpy(cells(pixels, stride, size).moved.T.reshape(2, *size))

    return displacement


def test_offsets_that_are_the_exact_flow_have_no_error(dataset):
    found = planted(dataset, exactly(dataset))
    assert found["truth"] == "exact flow" and found["frames"] == 6 * 3
    for level in ("p3", "p4"):
        one = found["alignment"]["levels"][level]
        assert one["positions"] > 50
        assert one["error"] == pytest.approx(0, abs=1e-5) and one["none"] > 0.05
        assert one["correlation"] == pytest.approx(1) and one["r2"] == pytest.approx(1)
        assert sum(group["positions"] for group in one["by_speed"]) == one["positions"]


def test_offsets_of_zero_have_the_error_of_no_displacement(dataset):
    found = planted(dataset, lambda video, t, size, stride: torch.zeros(2, *size))
    one = found["alignment"]["levels"]["p3"]
    assert one["error"] == one["none"] > 0.1
    assert one["correlation"] is None and one["r2"] < 0.2
    speeds = [group["none"] for group in one["by_speed"] if group["positions"]]
    assert speeds == sorted(speeds) and len(speeds) > 1


def test_random_offsets_are_not_correlated_with_the_flow(dataset):
    generator = torch.Generator().manual_seed(0)
    found = planted(
        dataset, lambda video, t, size, stride: torch.randn(2, *size, generator=generator)
    )
    one = found["alignment"]["levels"]["p3"]
    assert abs(one["correlation"]) < 0.15 and one["error"] > one["none"]


def test_a_displacement_counts_by_the_norm_of_its_taps_kernels_and_by_their_masks():
    weight, offset = torch.zeros(2, 2, 3, 3), torch.zeros(1, 18, 1, 1)
    weight[0, 0, 0, 0], weight[:, :, 2, 2] = 3.0, torch.tensor([[0.0, 1.0], [0.0, 0.0]])
    offset[0, :2, 0, 0] = torch.tensor([1.0, 2.0])  # dy, dx of the first tap
    offset[0, 16:, 0, 0] = torch.tensor([5.0, -2.0])
    found = effective_displacement(offset, weight)[0, :, 0, 0]
    assert found.tolist() == pytest.approx([(3 * 2 - 2) / 4, (3 * 1 + 5) / 4])
    mask = torch.zeros(1, 9, 1, 1)
    mask[0, 8] = 0.5
    assert effective_displacement(offset, weight, mask)[0, :, 0, 0].tolist() == [-2.0, 5.0]


@pytest.mark.parametrize("name", ["dcnv2-fusion", "stsn", "full-routing", "full-align", "matched"])
def test_whatever_samples_the_reference_is_heard_on_every_level(name):
    module, frames = BASELINES[name]({"name": name, **SPECS[name]}, 16).eval(), pyramids()
    for parameter in (p for n, p in module.named_parameters() if "offset" in n):
        nn.init.normal_(parameter, std=0.02)
    with torch.no_grad(), listening(module) as heard:
        module(*frames)
    assert {level: x.shape for level, x in heard.displacement.items()} == {
        level: (2, 2, *x.shape[-2:]) for level, x in frames[0].pyramid.items()
    }
    assert all(x.any() for x in heard.displacement.values())
    assert not any(module._forward_pre_hooks for module in module.modules())


def test_the_query_branch_is_not_taken_for_the_reference():
    dacr = DACR(16).eval()
    dacr.offset.weight.data[18:] = 1e3
    frames = pyramids()
    with torch.no_grad(), listening(TemporalPyramidRouting(dacr, None)) as heard:
        TemporalPyramidRouting(dacr, None)(*frames)
    with torch.no_grad(), listening(dacr) as heard:
        dacr(frames[0].pyramid["p3"], frames[1].pyramid["p3"], "p3")
    assert heard.displacement["p3"].abs().max() < 10
    assert set(heard.kept) == {"p3"} and heard.kept["p3"].shape == (2, 1, 7, 11)


def pyramids():
    generator = torch.Generator().manual_seed(0)
    sizes = {"p3": (7, 11), "p4": (4, 6), "p5": (2, 3), "p6": (1, 2), "p7": (1, 1)}
    return [
        Frame({k: torch.rand(2, 16, *size, generator=generator) for k, size in sizes.items()})
        for _ in range(2)
    ]


def test_gates_are_told_by_where_they_open(dataset):
    """A gate that is open exactly on moving objects."""

    class Gated(nn.Module):
        gates = ()

        def forward(self, query, reference):
            return query.pyramid

    truth, gated = Truth(dataset), Gated()
    model = build_model(MODEL | {"temporal": None}, CLASSES).eval()
    model.temporal = gated
    found, time = Mechanism(truth), iter(range(1, 100))

    def open_on_moving(module, inputs):
        t, maps = next(time), []
        size = inputs[0].pyramid["p3"].shape[-2:]
        for video in dataset.videos:
            shape = Geometry(SPLIT["height"], SPLIT["width"], False)
            at = cells(truth.pixels(video, t, t - 1, shape), 8, size)
            maps.append((at.object & ~at.hidden & (at.speed >= 0.5)).reshape(1, *size) * 0.5)
        from tpr.routing import GateUse

        gate = torch.from_numpy(np.stack(maps)).float()
        gated.gates = [GateUse("some.inner_query", "p3", gate, ((gate, 1),))]

    gated.register_forward_pre_hook(open_on_moving)
    walk(model, gated, dataset, dataset.videos, SETTINGS, found)
    gates = found.summary()["gates"]["inner_query"]
    assert gates["moving"]["open"] == 1 and gates["moving"]["mean"] == 0.5
    assert gates["moving"]["positions"] > 10 and gates["background"]["positions"] > 100
    assert all(gates[place]["open"] == 0 for place in ("still", "background", "hidden before"))
    assert 0 <= gates["degraded frame"]["open"] < 1
    assert found.summary()["alignment"] is None


def test_a_recorded_object_moves_as_its_masks_centroid_does(dataset, tmp_path):
    """The same videos without the generator's settings beside them."""
    for name in ("val.json", "frames"):
        (tmp_path / name).symlink_to(dataset.path.parent / name)
    recorded = Truth(open_split(tmp_path, "val"))
    assert (recorded.source, recorded.is_degraded(dataset.videos[0], 1)) == (
        "centroids of tracks",
        False,
    )
    whole = Geometry(SPLIT["height"], SPLIT["width"], False)
    video = dataset.videos[0]
    here, before = (dataset.frame_instances(video, t) for t in (2, 1))
    pixels = recorded.pixels(video, 2, 1, whole)
    (track,) = here.track_ids[:1]
    own, earlier = here.masks[0], before.masks[before.track_ids.tolist().index(track)]
    middles = [np.argwhere(mask).mean(0)[::-1] for mask in (own, earlier)]
    at = tuple(np.argwhere(own)[0])
    assert pixels.moved[:, at[0], at[1]].tolist() == pytest.approx(
        (middles[1] - middles[0]).tolist(), abs=1e-4
    )
    gaps = []
    for video in dataset.videos:
        exact, found = (x.pixels(video, 2, 1, whole) for x in (Truth(dataset), recorded))
        gap = (exact.moved - found.moved)[:, found.objects].mean(1).norm().item()
        gaps.append(gap)
    assert np.nanmedian(gaps) < 1  # pixels: both agree but for what comes into view


def test_alignment_of_no_positions_is_unknown():
    assert Alignment().summary()["error"] is None


@pytest.mark.parametrize(
    ("temporal", "aligns"),
    [
        (MODEL["temporal"], True),
        ({"name": "flow-warp", **SPECS["flow-warp"]}, True),
        ({"name": "feature-flow", **SPECS["feature-flow"]}, True),
        ({"name": "tpr-released", "cell": "pconv"}, True),
        ({"name": "merge", "merge": {}, "cpr": None}, False),
        ({"name": "tpr", "dacr": None, "cpr": {}}, False),
    ],
    ids=["tpr", "flow-warp", "feature-flow", "released", "merge", "cpr"],
)
def test_an_evaluation_can_probe_any_module(dataset, tmp_path, temporal, aligns):
    model = MODEL | {"temporal": temporal}
    torch.manual_seed(0)
    weights = tmp_path / "weights.pt"
    save_weights(build_model(model, CLASSES, temporal=BASELINES), weights)
    spec = {"model": model, "infer": SETTINGS | {"cuda_graph": True}}
    found = probe(spec, dataset, weights, temporal=BASELINES, videos=2)
    assert json.loads(json.dumps(found)) == found
    assert (found["videos"], found["frames"]) == (2, 6)
    assert (found["alignment"] is not None) == aligns
    assert (found["gates"] is not None) == ("gates" not in temporal and temporal["name"] != "merge")
    if aligns:
        of_network = "warp" in temporal
        assert (found["alignment"]["dis"] is not None) == of_network
        pairs = found["alignment"]["pairs"]
        assert (
            sum(one["positions"] for one in pairs.values())
            == next(iter(found["alignment"]["levels"].values()))["positions"]
        )


def test_a_reference_that_is_not_the_frame_before_is_not_looked_for(dataset, tmp_path):
    weights = tmp_path / "weights.pt"
    save_weights(build_model(MODEL, CLASSES), weights)
    spec = {"model": MODEL, "infer": SETTINGS | {"reference": "other-video"}}
    found = probe(spec, dataset, weights, videos=2)
    assert found["alignment"] is None and found["gates"]
    assert probe(spec | {"model": MODEL | {"temporal": None}}, dataset, weights) is None


def test_optical_flow_of_dis_sees_the_motion_of_clean_frames(tmp_path):
    """The yardstick that flow networks are laid against."""
    generate(tmp_path / "clean", {"val": SPLIT | {"videos": 4, "degraded": 0.0}}, seed=1)
    clean = open_split(tmp_path / "clean", "val")
    weights, temporal = tmp_path / "weights.pt", {"name": "flow-warp", **SPECS["flow-warp"]}
    model = MODEL | {"temporal": temporal}
    save_weights(build_model(model, CLASSES, temporal=BASELINES), weights)
    spec = {"model": model, "infer": SETTINGS}
    found = probe(spec, clean, weights, temporal=BASELINES)["alignment"]
    assert set(found["dis"]) == set(found["pairs"])
    dis = found["dis"]["clean"]
    assert dis["error"] < 0.8 * dis["none"] and dis["correlation"] > 0.5
