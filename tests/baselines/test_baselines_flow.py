"""What defines the two flow baselines of Table 1(d)."""

import pytest
import torch

from baselines.feature_flow import FeatureFlowWarp
from baselines.flow_warp import FlowWarp, normalised_pair
from baselines.flownet import FlowNetS, flow_loss, load_public
from baselines.merge import Merge
from baselines.warp import WarpedRouting
from tests.baselines.test_baselines import CHANNELS, frame
from tpr.data.mini import SplitSettings, flow, flow_valid, resolve
from tpr.data.mini.video import make_video
from tpr.routing import Frame, TemporalPyramidRouting
from tpr.routing.warp import warp


def constant_flow(dx: float, dy: float, n: int, h: int, w: int) -> torch.Tensor:
    return torch.tensor([dx, dy]).view(1, 2, 1, 1).expand(n, 2, h, w)


def test_warping_by_a_known_flow_moves_features_exactly():
    x = torch.rand(2, 3, 5, 7)
    moved = warp(x, constant_flow(2, -1, 2, 5, 7))
    expected = torch.zeros_like(x)
    expected[..., 1:, :-2] = x[..., :-1, 2:]
    torch.testing.assert_close(moved, expected, rtol=0, atol=1e-5)


def test_warping_by_a_fraction_interpolates_and_fades_to_zero_outside():
    x = torch.tensor([[2.0, 4.0, 8.0]]).view(1, 1, 1, 3)
    assert warp(x, constant_flow(0.25, 0, 1, 1, 3)).flatten().tolist() == pytest.approx([2.5, 5, 6])


def test_warping_is_exact_in_half_precision():
    """bfloat16 has no numbers between 128 and 129; positions are computed in float32."""
    x = torch.arange(160.0).view(1, 1, 1, 160).bfloat16()
    moved = warp(x, constant_flow(1, 0, 1, 1, 160).bfloat16())
    assert moved.dtype == torch.bfloat16 and torch.equal(moved[..., :-1], x[..., 1:])


def test_warping_recovers_the_query_along_the_generators_exact_flow():
    """other[y + dy, x + dx] reproduces the frame, in the convention of tpr.data.mini.flow."""
    split = SplitSettings(1, frames=2, height=64, width=96)
    settings = resolve({"train": split}, 0)
    video = make_video(split, 0, "train", 0)
    here, there = (torch.tensor(f.rgb).permute(2, 0, 1)[None].float() for f in video.frames)
    field = torch.tensor(flow(settings, "train", 0, 0)).permute(2, 0, 1)[None]
    valid = torch.tensor(flow_valid(settings, "train", 0, 0))
    error = (warp(there, field) - here).abs().mean(1)[0][valid].mean()
    assert error < 0.5 * (there - here).abs().mean(1)[0][valid].mean()


def test_flownets_has_the_originals_size_and_strides():
    assert sum(p.numel() for p in FlowNetS().parameters()) == pytest.approx(38.68e6, rel=0.02)
    flows, features = FlowNetS(2)(torch.rand(1, 6, 96, 160))
    assert [tuple(x.shape[-2:]) for x in flows] == [(24, 40), (12, 20), (6, 10), (3, 5), (2, 3)]
    assert features.shape[1] == FlowNetS(2).features == 3 * 2 + 2


def public_shapes() -> dict[str, tuple[int, ...]]:
    """FlowNetPytorch's `flownets` without batch norm, as its checkpoints hold it."""
    convs = {"1": (64, 6, 7), "2": (128, 64, 5), "3": (256, 128, 5), "3_1": (256, 256, 3)}
    convs |= {"4": (512, 256, 3), "4_1": (512, 512, 3), "5": (512, 512, 3), "5_1": (512, 512, 3)}
    convs |= {"6": (1024, 512, 3), "6_1": (1024, 1024, 3)}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (outputs, inputs, kernel) in convs.items():
        shapes[f"conv{name}.0.weight"] = (outputs, inputs, kernel, kernel)
        shapes[f"conv{name}.0.bias"] = (outputs,)
    for level, inputs in ((6, 1024), (5, 1026), (4, 770), (3, 386), (2, 194)):
        shapes[f"predict_flow{level}.weight"] = (2, inputs, 3, 3)
        if level > 2:
            shapes[f"deconv{level - 1}.0.weight"] = (inputs, 2 ** (level + 3), 4, 4)
            shapes[f"upsampled_flow{level}_to_{level - 1}.weight"] = (2, 2, 4, 4)
    return shapes


def test_flownets_has_the_names_and_shapes_of_the_public_weights():
    with torch.device("meta"):
        state = FlowNetS().state_dict()
    assert {name: tuple(x.shape) for name, x in state.items()} == public_shapes()


def test_flow_is_in_pixels_whatever_the_networks_unit():
    pair, flows = torch.rand(1, 6, 32, 40), {}
    for unit in (20.0, 2.0):
        torch.manual_seed(0)
        flows[unit] = FlowNetS(2, unit)(pair)[0]
    for coarse, fine in zip(flows[20.0], flows[2.0], strict=True):
        torch.testing.assert_close(coarse, 10 * fine)


def test_public_flownets_weights_load_by_name(tmp_path):
    torch.manual_seed(0)
    source, target = FlowNetS(2), FlowNetS(2)
    path = tmp_path / "flownets.pth"
    torch.save({"arch": "flownets", "state_dict": source.state_dict(), "div_flow": 20}, path)
    load_public(target, path)
    pair = torch.rand(1, 6, 32, 40)
    torch.testing.assert_close(target(pair)[0][0], source(pair)[0][0])


def test_weights_of_another_width_are_refused_by_name(tmp_path):
    torch.save(FlowNetS(2).state_dict(), tmp_path / "narrow.pth")
    with pytest.raises(ValueError, match="narrow.pth is not FlowNetS of this width: 'conv1.0.weig"):
        load_public(FlowNetS(4), tmp_path / "narrow.pth")
    with pytest.raises(FileNotFoundError, match="absent.pth"):
        load_public(FlowNetS(2), tmp_path / "absent.pth")


def test_flow_loss_is_zero_at_the_truth_and_counts_every_stride():
    truth = constant_flow(2.0, 0.0, 2, 64, 64)
    sizes = (16, 8, 4, 2, 1)
    exact = [constant_flow(2, 0, 2, n, n) for n in sizes]
    assert flow_loss(exact, truth).item() == 0
    zeros = [torch.zeros(2, 2, n, n) for n in sizes]
    weights = (0.005, 0.01, 0.02, 0.08, 0.32)
    expected = sum(2 * n * n * weight for n, weight in zip(sizes, weights, strict=True))
    assert flow_loss(zeros, truth).item() == pytest.approx(expected)


def test_the_networks_input_does_not_depend_on_the_models_pixel_normalisation():
    first, second = 255 * torch.rand(2, 2, 3, 8, 8)
    mean, std = torch.tensor([120.0, 110, 100]).view(3, 1, 1), torch.tensor([57.0, 1, 9])
    other = [(x - mean) / std.view(3, 1, 1) for x in (first, second)]
    pair = normalised_pair(first, second)
    torch.testing.assert_close(normalised_pair(*other), pair, rtol=1e-3, atol=1e-4)
    assert pair[:, [0, 3]].std(correction=0, dim=(1, 2, 3)).tolist() == pytest.approx([0.25] * 2)
    assert normalised_pair(first * 0, first * 0).abs().max() == 0


class KnownFlow(torch.nn.Module):
    """Stands for FlowNetS: one displacement everywhere, in pixels of the image."""

    features = 4

    def __init__(self, dx: float, dy: float) -> None:
        super().__init__()
        self.flow = (dx, dy)

    def forward(self, pair):
        n, _, h, w = pair.shape
        flow = constant_flow(*self.flow, n, h // 4, w // 4)
        return [flow], torch.zeros(n, self.features, h // 4, w // 4)


@pytest.mark.parametrize("reduction", [1, 2])
def test_flow_is_resized_and_rescaled_to_every_level(reduction):
    """16 pixels to the right are 2 at P3, 1 at P4 and 1/8 at P7."""
    module = FlowWarp(CHANNELS, width=4, reduction=reduction)
    module.offset = KnownFlow(16 / reduction, -8 / reduction)
    module.scale = torch.nn.Conv2d(4, CHANNELS, 1)
    torch.nn.init.ones_(module.scale.bias)
    pyramid = {f"p{k}": torch.rand(1, CHANNELS, 128 // 2**k, 256 // 2**k) for k in range(3, 8)}
    reference = Frame(pyramid, torch.rand(1, 3, 128, 256))
    out = module(reference, reference)
    for level, dx in (("p3", 2), ("p4", 1), ("p7", 0.125)):
        expected = torch.tensor([dx, -dx / 2]).view(1, 2, 1, 1)
        assert torch.allclose(module.motion[level], expected)
    torch.testing.assert_close(out["p3"][..., 1:, :-2], pyramid["p3"][..., :-1, 2:])


def test_the_scale_map_multiplies_the_warped_features():
    module, reference = FlowWarp(CHANNELS, width=2, reduction=1), frame()
    before = module(reference, reference)
    torch.nn.init.constant_(module.scale.bias, 3.0)
    for level, x in module(reference, reference).items():
        torch.testing.assert_close(x, 3 * before[level])


def test_feature_flow_starts_with_the_reference_unmoved():
    reference = frame(seed=1)
    out = FeatureFlowWarp(CHANNELS, width=4, identity_init=True)(frame(), reference)
    for level in ("p3", "p4", "p5"):
        torch.testing.assert_close(out[level], reference.pyramid[level])
    assert out["p6"].abs().max() == out["p7"].abs().max() == 0


def test_feature_flow_moves_scales_and_shifts_by_its_predictions():
    """A flow of 16 units is the whole width: here one pixel of eleven."""
    module, query = FeatureFlowWarp(CHANNELS, width=4, identity_init=True), frame()
    w = query.pyramid["p3"].shape[-1]
    flow = constant_flow(16 / w, 0, 2, *query.pyramid["p3"].shape[-2:])
    found = module.predictions(query.pyramid["p3"], query.pyramid["p3"])
    ones = torch.ones_like(query.pyramid["p3"])
    module.predictions = lambda *_: [(flow, 2 * ones, 3 * ones), *found[1:]]
    out = module(query, query)["p3"]
    expected = torch.zeros_like(out)
    expected[..., :-1] = query.pyramid["p3"][..., 1:]
    torch.testing.assert_close(out, 2 * expected + 3)
    torch.testing.assert_close(module.motion["p3"][0, :, 3, 4], torch.tensor([1.0, 0.0]))


def test_feature_flow_at_full_size_has_the_originals_parameters():
    """Reduction 256 -> 64; encoder 64, 128, 256; predictions of flow, scale and bias."""
    conv = lambda i, o, k=3, bias=True: (k * k * i + bias) * o  # noqa: E731
    encoder = conv(256, 64) + conv(128, 64) + conv(64, 64) + conv(64, 128) + conv(128, 128)
    encoder += conv(128, 256) + conv(256, 256)
    up = conv(258, 64, 3, 0) + conv(256, 128, 3, 0) + 2 * conv(2, 2, 3, 0)
    heads = sum(conv(n, 2, 3, 0) + 2 * conv(n, 256, 1) for n in (256, 258, 130))
    expected = encoder + up + heads + 2 * conv(256, 256)
    assert sum(p.numel() for p in FeatureFlowWarp(256).parameters()) == expected


def test_warped_routing_routes_on_the_warped_reference():
    torch.manual_seed(0)
    merge, query, reference = Merge(CHANNELS), frame(seed=1), frame(seed=2)
    aligned = {k: 2 * x for k, x in reference.pyramid.items()}

    class Doubled(torch.nn.Module):
        def forward(self, query, reference):
            return aligned

    module = WarpedRouting(Doubled(), TemporalPyramidRouting(merge, None))
    for level, x in module(query, reference).items():
        expected = merge(query.pyramid[level], aligned[level], level)[0]
        torch.testing.assert_close(x, expected)
