"""Gathered and dense execution of gated cells are one function."""

from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from tpr.routing import blocks, cpr, masked
from tpr.routing.cpr import GatedBottleneck, RoutingCell
from tpr.routing.dacr import InnerCell
from tpr.routing.tables import Table, feature_table, positions

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
    near = positions(torch.nn.functional.max_pool2d(gate, 3, 1, 1) > 0)
    tables, here = (Table.of([x]), Table.of([gate])), positions(gate > 0)
    both, second = (cell.masked(*tables, first, here).levels()[0] for first in (near, None))
    return [both, second, cell.dense(x, gate)]


def inner_cell(x: torch.Tensor, gate: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of both executions, the dense one last."""
    cell = InnerCell(CHANNELS, 1.0)
    return [cell.masked(x, gate, positions(gate > 0)), cell.dense(x, gate)]


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
    index = positions(torch.rand(2, 1, side, side) > 0.1)
    with mock.patch.object(masked, "conv_tiles", wraps=masked.conv_tiles) as winograd:
        out = masked.conv_at(Table.of([x]), index, weight)
    assert winograd.called == tiles
    expected, exact = (
        feature_table(torch.nn.functional.conv2d(x.to(kind), weight.to(kind), padding=1))
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
    index = positions(torch.rand(n, 1, h, w, generator=generator) < 0.5)
    with mock.patch.object(masked, "TILES_COST", float("-inf")):
        out = masked.conv_at(Table.of([x]), index, weight)
    expected = feature_table(torch.nn.functional.conv2d(x, weight, padding=1))[index]
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


def set_gates(cell: RoutingCell, biases: tuple[float, float, float]) -> None:
    """Of the paths from the finer and the coarser level and of the bottleneck."""
    for part, bias in zip(
        (cell.from_finer, cell.from_coarser, cell.bottleneck), biases, strict=True
    ):
        torch.nn.init.normal_(part.gate.conv.weight)
        torch.nn.init.constant_(part.gate.conv.bias, bias)


BIASES = st.tuples(*3 * [st.sampled_from([-50.0, -6.0, 0.0, 50.0])])
LEVELS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4)


@given(
    biases=BIASES,
    sizes=LEVELS,
    n=st.integers(1, 3),
    release_cost=st.booleans(),
    dense_above=st.sampled_from([0.0, 0.2, 1.0]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=120, deadline=None)
def test_a_cell_is_one_function_in_training_and_at_test_time(
    biases, sizes, n, release_cost, dense_above, seed
):
    """For any gates and levels: outputs, gates, and the cost they say, an image."""
    torch.manual_seed(seed)
    cell = RoutingCell(CHANNELS, 0.5, 1.0, release_cost=release_cost).double()
    set_gates(cell, biases)
    levels = [(f"p{i}", torch.randn(n, CHANNELS, *size).double()) for i, size in enumerate(sizes)]
    trained, uses = cell(levels)
    with (
        torch.no_grad(),
        mock.patch.object(cpr, "PATHS_DENSE_ABOVE", dense_above),
        mock.patch.object(masked, "DENSE_ABOVE", dense_above),
    ):
        tested, same_uses = cell(levels)
    torch.testing.assert_close(tested, trained)
    found, expected = ({(use.name, use.level): use for use in x} for x in (same_uses, uses))
    assert found.keys() == expected.keys() and len(same_uses) == len(uses)
    for key, use in expected.items():
        torch.testing.assert_close(found[key].gate, use.gate)
        assert torch.equal(found[key].used(), use.used()) and found[key].full() == use.full()


@pytest.mark.parametrize("bias", [-50.0, 0.0])
def test_closed_paths_and_bottlenecks_compute_nothing(bias):
    """At test time, and a cell after another finds its levels in one table."""
    torch.manual_seed(0)
    first, second = RoutingCell(CHANNELS, 0.5, 1.0), RoutingCell(CHANNELS, 0.5, 1.0)
    for cell in (first, second):
        set_gates(cell, 3 * (bias,))
    levels = [(f"p{n}", torch.randn(2, CHANNELS, n, n + 1)) for n in (8, 4, 2)]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        features, _ = first(levels)
        positions_of_gates = (72 + 20) + (20 + 6) + (72 + 20 + 6)  # finer, coarser, bottleneck
        gates_alone = 2 * 9 * CHANNELS * 2 * positions_of_gates
        assert (counter.get_total_flops() == gates_alone) == (bias < 0)
        assert Table.of(features).rows.data_ptr() == features[0].data_ptr()
        outputs, _ = second([(name, x) for (name, _), x in zip(levels, features, strict=True)])
    names = [name for name, _ in levels]
    expected = second(list(zip(names, first(levels)[0], strict=True)))[0]
    torch.testing.assert_close(outputs, expected, rtol=1e-5, atol=1e-5)


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
