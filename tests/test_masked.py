"""Gathered and dense execution of gated cells are one function."""

from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tpr.routing import blocks, masked
from tpr.routing.cpr import GatedBottleneck, RoutingCell
from tpr.routing.dacr import InnerCell

CHANNELS = 8


def gate_pattern(kind: str, n: int, h: int, w: int, seed: int) -> torch.Tensor:
    gate = torch.rand(n, 1, h, w, generator=torch.Generator().manual_seed(seed))
    keep = torch.zeros_like(gate)
    if kind == "all":
        keep += 1
    elif kind == "one":
        keep[seed % n, 0, seed % h, seed % w] = 1
    elif kind == "border":
        keep[:, :, [0, -1]] = 1
        keep[..., [0, -1]] = 1
    elif kind == "random":
        keep = (gate > 0.7).float()
    return gate * keep


PATTERNS = st.sampled_from(["none", "one", "border", "random", "all"])
SIZES = {"n": st.integers(1, 3), "h": st.integers(1, 9), "w": st.integers(1, 9)}


def bottleneck(x: torch.Tensor, gate: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of all executions, the dense one last."""
    cell = GatedBottleneck(CHANNELS, 1.0)
    near = masked.positions(torch.nn.functional.max_pool2d(gate, 3, 1, 1) > 0)
    here = masked.positions(gate > 0)
    both, second = (cell.masked(x, gate, first, here) for first in (near, None))
    return [both, second, cell.dense(x, gate)]


def inner_cell(x: torch.Tensor, gate: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of both executions, the dense one last."""
    cell = InnerCell(CHANNELS, 1.0)
    return [cell.masked(x, gate, masked.positions(gate > 0)), cell.dense(x, gate)]


@pytest.mark.parametrize("cell", [bottleneck, inner_cell])
@settings(max_examples=60, deadline=None)
@given(
    kind=PATTERNS,
    block=st.sampled_from([1, 7, 1000]),
    tiles_cost=st.sampled_from([float("-inf"), 0, float("inf")]),
    seed=st.integers(0, 1000),
    **SIZES,
)
@torch.no_grad()
def test_any_gate_pattern(cell, kind, n, h, w, block, tiles_cost, seed):
    """Patches in blocks of any size, Winograd's tiles always, where they have fewer products, or
    never."""
    torch.manual_seed(seed)
    x, gate = torch.randn(n, CHANNELS, h, w), gate_pattern(kind, n, h, w, seed)
    with (
        mock.patch.object(blocks, "BLOCK_VALUES", block * 9 * CHANNELS),
        mock.patch.object(masked, "TILES_COST", tiles_cost),
    ):
        *gathered, dense = cell(x, gate)
    for out in gathered:
        torch.testing.assert_close(out, dense, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("side", "tiles"), [(12, False), (40, True)])
@torch.no_grad()
def test_wide_features_take_winograds_tiles_where_they_pay(side, tiles):
    """At real size and with real thresholds, as exact as the dense convolution."""
    torch.manual_seed(0)
    weight = 0.02 * torch.randn(256, 256, 3, 3)
    x = torch.randn(2, 256, side, side)
    index = masked.positions(torch.rand(2, 1, side, side) > 0.1)
    with mock.patch.object(masked, "conv_tiles", wraps=masked.conv_tiles) as winograd:
        out = masked.conv_at(masked.feature_table(x), index, x.shape, weight)
    assert winograd.called == tiles
    expected, exact = (
        masked.feature_table(torch.nn.functional.conv2d(x.to(kind), weight.to(kind), padding=1))
        for kind in (torch.float32, torch.float64)
    )
    torch.testing.assert_close(out, expected[index], rtol=1e-5, atol=1e-5)
    scale = exact.abs().max()
    assert (out - exact[index]).abs().max() / scale < 1e-6


@given(seed=st.integers(0, 1000), channels=st.integers(1, 5), **SIZES)
@settings(max_examples=40, deadline=None)
def test_winograds_tiles_are_exact_in_double_precision(seed, channels, n, h, w):
    """For any weights, positions and other numbers of output channels."""
    generator = torch.Generator().manual_seed(seed)
    random = lambda *size: torch.randn(*size, generator=generator).double()  # noqa: E731
    x, weight = random(n, channels, h, w), random(3, channels, 3, 3)
    index = masked.positions(torch.rand(n, 1, h, w, generator=generator) < 0.5)
    with mock.patch.object(masked, "TILES_COST", float("-inf")):
        out = masked.conv_at(masked.feature_table(x), index, x.shape, weight)
    expected = masked.feature_table(torch.nn.functional.conv2d(x, weight, padding=1))[index]
    torch.testing.assert_close(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_the_choice_of_execution_changes_nothing(share, monkeypatch):
    torch.manual_seed(0)
    bottleneck, inner = GatedBottleneck(CHANNELS, 1.0), InnerCell(CHANNELS, 1.0)
    x, pair = torch.randn(2, CHANNELS, 6, 7), torch.randn(2, 2 * CHANNELS, 6, 7)
    trained = bottleneck(x, "", "")[0], inner(x, pair)[0]
    monkeypatch.setattr(masked, "DENSE_ABOVE", share)
    with torch.no_grad():
        tested = bottleneck(x, "", "")[0], inner(x, pair)[0]
    for one, other in zip(trained, tested, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("closed", [(), ("from_finer",), ("from_finer", "from_coarser")])
def test_paths_that_are_closed_are_left_out(closed):
    """At test time nothing is computed for them; the levels come out as in training."""
    torch.manual_seed(0)
    cell = RoutingCell(CHANNELS, 0.5, 1.0)
    for name in closed:
        torch.nn.init.constant_(getattr(cell, name).gate.conv.bias, -50)
    levels = [(name, torch.randn(2, CHANNELS, n, n + 1)) for name, n in (("p3", 8), ("p4", 4))]
    trained, uses = cell(levels)
    with torch.no_grad():
        tested, same_uses = cell(levels)
        for name in ("from_finer", "from_coarser"):
            sent = getattr(cell, name)(levels[0][1], name, "p3")[0]
            assert (sent is None) == (name in closed)
    for one, other in zip(trained, tested, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)
    assert [use.name for use in uses] == [use.name for use in same_uses]


@pytest.mark.parametrize("open_bias", [-0.3, 3.0])
def test_dense_cells_have_correct_gradients(open_bias):
    """With some of the positions closed, and with all open."""
    torch.manual_seed(0)
    bottleneck, inner = GatedBottleneck(3, 1.0).double(), InnerCell(3, 1.0).double()
    for gate in (bottleneck.gate, inner.gate):
        torch.nn.init.normal_(gate.conv.weight)
        torch.nn.init.constant_(gate.conv.bias, open_bias)
    x = torch.randn(1, 3, 3, 4, dtype=torch.float64, requires_grad=True)
    pair = torch.randn(1, 6, 3, 4, dtype=torch.float64, requires_grad=True)
    if open_bias < 0:
        for gate in (bottleneck.gate(x), inner.gate(pair)):
            assert 0 < (gate > 0).double().mean() < 1
    assert torch.autograd.gradcheck(lambda t: bottleneck(t, "", "")[0], (x,))
    assert torch.autograd.gradcheck(lambda *inputs: inner(*inputs)[0], (x, pair))
