"""The equations of TPR on tiny tensors."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.ops import deform_conv2d

from tpr.routing import CPR, DACR, Frame, TemporalPyramidRouting, budget_loss, open_fraction
from tpr.routing.gates import SpatialGate, gate_activation, opening_bias
from tpr.routing.norm import PositionNorm, group_norm
from tpr.routing.sampling import gathered_deform_conv

CHANNELS = 32
SIZES = {"p3": (6, 10), "p4": (3, 5), "p5": (2, 3), "p6": (1, 2), "p7": (1, 1)}


def pyramid(batch: int = 2, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {k: torch.rand(batch, CHANNELS, *size, generator=generator) for k, size in SIZES.items()}


def test_gate_is_zero_up_to_zero_and_below_one():
    v = torch.tensor([-3.0, 0.0, 1e-3, 1.5, 50.0], dtype=torch.float64)
    gate = gate_activation(v)
    assert gate[:2].tolist() == [0.0, 0.0]
    assert gate[3].item() == pytest.approx(math.tanh(1.5) / (1 + math.tanh(1.5)))
    assert (gate[2] / v[2]).item() == pytest.approx(0.095, abs=1e-3)  # the slope at 0+
    assert gate[4] <= 1


def test_gate_starts_open_at_its_bias():
    assert opening_bias(0.99) == pytest.approx(3.822, abs=1e-3)
    gate = SpatialGate(4)
    torch.nn.init.zeros_(gate.conv.weight)
    assert gate(torch.randn(1, 4, 3, 3)).unique().item() == pytest.approx(0.99, abs=1e-6)


@pytest.mark.parametrize("opening", [0.0, 1.0, 1.5])
def test_gate_opening_outside_the_unit_interval_is_an_error(opening):
    with pytest.raises(ValueError, match="opening"):
        opening_bias(opening)


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 2),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    channels=st.sampled_from([1, 3, 8]),
    reach=st.sampled_from([0.0, 0.7, 4.0, 30.0]),
    modulated=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_gathered_deformable_convolution_is_torchvisions(
    n, height, width, channels, reach, modulated, seed
):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, channels, height, width, generator=generator).double()
    offset = reach * torch.randn(n, 18, height, width, generator=generator).double()
    mask = torch.rand(n, 9, height, width, generator=generator).double() if modulated else None
    weight = torch.randn(5, channels, 3, 3, generator=generator).double()
    expected = deform_conv2d(x, offset, weight, padding=1, mask=mask)
    torch.testing.assert_close(gathered_deform_conv(x, offset, weight, mask), expected)


def test_gathered_deformable_convolution_has_correct_gradients():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    offset = (0.3 + 0.4 * torch.rand(1, 18, 3, 4, dtype=torch.float64)).requires_grad_()
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gathered_deform_conv, (x, offset, weight))


def test_whole_routing_has_correct_gradients():
    """DACR with all its parts and a row of CPR on two levels, to both frames' features."""
    torch.manual_seed(0)
    routing = TemporalPyramidRouting(DACR(2), CPR(2, (1,), scale_init=0.5)).double()
    sizes = (1, 2, 3, 4), (1, 2, 2, 2)
    inputs = [torch.randn(*s, dtype=torch.float64).requires_grad_() for s in sizes * 2]

    def routed(*levels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        query, reference = (
            Frame(dict(zip(("p3", "p4"), x, strict=True))) for x in (levels[:2], levels[2:])
        )
        return tuple(routing(query, reference).values())

    assert torch.autograd.gradcheck(routed, inputs)


def test_position_norm_looks_at_one_position_only():
    norm = PositionNorm(CHANNELS)
    x = torch.randn(1, CHANNELS, 4, 5)
    torch.testing.assert_close(norm(x)[:, :, 2:3, 1:2], norm(x[:, :, 2:3, 1:2]))


@pytest.mark.parametrize(
    ("channels", "groups"),
    [(256, 32), (64, 32), (32, 16), (16, 8), (48, 16), (6, 2), (3, 1), (1, 1)],
)
def test_groups_are_the_papers_and_hold_two_channels_at_least(channels, groups):
    assert group_norm(channels).num_groups == groups


def test_full_size_parameters():
    """DACR 2.667 M and CPR 8.356 M at 256 channels, rows [3, 2, 1, 1]."""
    count = lambda m: sum(p.numel() for p in m.parameters()) / 1e6  # noqa: E731
    assert count(DACR(256)) == pytest.approx(2.667, abs=1e-3)
    assert count(CPR(256)) == pytest.approx(8.356, abs=1e-3)


def test_outer_gate_mixes_query_and_merged_features():
    dacr = DACR(CHANNELS)
    query, reference = torch.rand(2, 1, CHANNELS, 3, 4)
    torch.nn.init.constant_(dacr.outer_gate.bias, 50.0)
    torch.testing.assert_close(dacr(query, reference, "p3")[0], query)
    torch.nn.init.constant_(dacr.outer_gate.bias, -50.0)
    torch.nn.init.zeros_(dacr.merge.weight)
    torch.testing.assert_close(
        dacr(query, reference, "p3")[0],
        dacr.merge.bias.view(1, -1, 1, 1).expand_as(query),
    )


def test_without_sampling_the_convolutions_are_plain():
    dacr = DACR(CHANNELS, sampling=False, inner_gate=False)
    query, reference = torch.rand(2, 1, CHANNELS, 3, 4)
    offset = dacr.offsets(query, reference)[0]
    plain = torch.nn.functional.conv2d(reference, dacr.sample_reference.weight, padding=1)
    torch.testing.assert_close(dacr.sample_reference(reference, offset), plain)


def test_identity_start_averages_the_frames_behind_the_outer_gate():
    dacr = DACR(CHANNELS, residual_init=0.0, identity_init=True)
    torch.nn.init.zeros_(dacr.offset.weight)
    query, reference = torch.rand(2, 1, CHANNELS, 3, 4)
    keep = 1 / (1 + math.exp(-1))
    expected = keep * query + (1 - keep) * (query + reference) / 2
    torch.testing.assert_close(dacr(query, reference, "p3")[0], expected)


@pytest.mark.parametrize("part", ["sampling", "inner_gate", "outer_gate"])
def test_switching_a_part_off_removes_its_parameters(part):
    whole, less = DACR(CHANNELS), DACR(CHANNELS, **{part: False})
    assert sum(p.numel() for p in less.parameters()) < sum(p.numel() for p in whole.parameters())
    query, reference = torch.rand(2, 1, CHANNELS, 3, 4)
    assert less(query, reference, "p3")[0].shape == query.shape


def test_cpr_that_starts_as_the_identity_keeps_non_negative_features():
    routing = TemporalPyramidRouting(None, CPR(CHANNELS, residual_init=0.0))
    frame = Frame(pyramid())
    for name, refined in routing(frame, frame).items():
        torch.testing.assert_close(refined, frame.pyramid[name])


def test_rows_reach_coarser_levels_only():
    """A change of P5 reaches P3 through row 0 (paths up and down), but row 1 never touches P3."""
    torch.manual_seed(0)
    routing = TemporalPyramidRouting(None, CPR(CHANNELS, (0, 2, 1), scale_init=0.5))
    first = routing(Frame(pyramid()), Frame(pyramid()))
    torch.testing.assert_close(first["p3"], pyramid()["p3"])
    assert not torch.equal(first["p7"], pyramid()["p7"])


def test_every_parameter_gets_a_gradient_and_odd_sizes_work():
    torch.manual_seed(0)
    routing = TemporalPyramidRouting(DACR(CHANNELS), CPR(CHANNELS, scale_init=0.1))
    out = routing(Frame(pyramid(seed=1)), Frame(pyramid(seed=2)))
    assert {k: x.shape for k, x in out.items()} == {k: x.shape for k, x in pyramid().items()}
    (sum(x.square().mean() for x in out.values()) + budget_loss(routing.gates)).backward()
    assert [n for n, p in routing.named_parameters() if p.grad is None] == []


def test_budget_counts_open_positions_and_the_bottleneck_border():
    routing = TemporalPyramidRouting(DACR(CHANNELS), CPR(CHANNELS))
    frame = Frame(pyramid())
    for module in routing.modules():
        if isinstance(module, SpatialGate):
            torch.nn.init.zeros_(module.conv.weight)
    routing(frame, frame)
    assert open_fraction(routing.gates).tolist() == [1.0, 1.0]
    assert budget_loss(routing.gates).item() == pytest.approx(0.99, abs=1e-5)
    for module in routing.modules():
        if isinstance(module, SpatialGate):
            torch.nn.init.constant_(module.conv.bias, -1.0)
    routing(frame, frame)
    assert open_fraction(routing.gates).tolist() == [0.0, 0.0]


def test_full_cost_of_a_level():
    """Inner gates: 9 C^2 + C a position each; bottleneck twice that; path gates 9 C + C each."""
    routing = TemporalPyramidRouting(DACR(CHANNELS), CPR(CHANNELS, (1,)))
    frame = Frame(pyramid())
    routing(frame, frame)
    positions = [h * w for h, w in SIZES.values()]
    conv, path = 9 * CHANNELS**2 + CHANNELS, 10 * CHANNELS
    sends = positions[0] + 2 * sum(positions[1:-1]) + positions[-1]
    expected = 4 * conv * sum(positions) + path * sends
    assert sum(use.full() for use in routing.gates) == expected


def test_a_constant_video_is_stable_under_recursion():
    torch.manual_seed(0)
    routing = TemporalPyramidRouting(DACR(CHANNELS), CPR(CHANNELS)).eval()
    frame = previous = Frame(pyramid())
    with torch.no_grad():
        for _ in range(50):
            previous = Frame(routing(frame, previous))
    assert all(x.isfinite().all() and x.abs().max() < 1e3 for x in previous.pyramid.values())
