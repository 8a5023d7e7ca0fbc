"""Multiply-accumulates: formulas by hand, and agreement with fvcore, ptflops and execution."""

import ptflops
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import roi_align

from tests.helpers.cost_networks import Detector, Routing, pyramids
from tpr.cost.count import count
from tpr.cost.fvcore_check import fvcore_analysis
from tpr.cost.operators import CONVOLUTION, DEFORMABLE, NORM, RESIZING, SAMPLING
from tpr.routing.cpr import GatedBottleneck
from tpr.routing.dacr import InnerCell
from tpr.routing.sampling import DeformConv, gathered_deform_conv


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *inputs):
        return self.function(*inputs)


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        # 2 * 6 outputs channels x (4 / 2 * 9) x (5 * 4) positions
        (nn.Conv2d(4, 6, 3, groups=2), (2, 4, 7, 6), {CONVOLUTION: 2 * 6 * 18 * 20}),
        # a transposed one multiplies at every input position: 4 * 3 * 25 * (5 * 5)
        (nn.ConvTranspose2d(4, 3, 5, stride=2), (1, 4, 5, 5), {CONVOLUTION: 4 * 3 * 25 * 25}),
        (nn.Linear(7, 3), (5, 7), {CONVOLUTION: 5 * 7 * 3}),
        (nn.GroupNorm(2, 4), (2, 4, 3, 3), {NORM: 2 * 4 * 9}),
        (nn.BatchNorm2d(4).eval(), (2, 4, 3, 3), {NORM: 2 * 4 * 9}),
        (nn.LayerNorm(4), (5, 4), {NORM: 20}),
        (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 3, 4, 5), {RESIZING: 4 * 3 * 8 * 10}),
        (nn.Upsample(scale_factor=2), (1, 3, 4, 5), {}),
        (nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Sigmoid()), (1, 3, 4, 4), {}),
    ],
)
def test_formulas(module, shape, expected):
    """The number of each operator, worked out by hand, alike on CPU and on the meta device."""
    found = count(module, torch.randn(shape))
    assert dict(found.of("")) == expected and found.unknown == ()
    assert dict(count(module.to("meta"), torch.empty(shape, device="meta")).of("")) == expected


def test_sampling_formulas():
    """roi_align: 4 x 2^2 points an output element; grid sampling: 4 an output element."""
    boxes = torch.tensor([[0.0, 0.0, 0.0, 4.0, 4.0]] * 3)
    pooled = Call(lambda x: roi_align(x, boxes, 5, 1.0, 2, True))
    assert count(pooled, torch.randn(1, 2, 8, 8)).of("")[SAMPLING] == 3 * 2 * 25 * 16
    warped = Call(lambda x, grid: F.grid_sample(x, grid, align_corners=False))
    found = count(warped, torch.randn(1, 2, 8, 8), torch.zeros(1, 3, 4, 2))
    assert found.of("")[SAMPLING] == 4 * 2 * 12


def test_deformable_convolution_counts_alike_in_both_executions():
    """Samples by embedding bags and one product, or torchvision's operator: the same number."""
    conv, x = DeformConv(6, 4, 3), torch.randn(2, 6, 5, 7)
    offset, mask = torch.randn(2, 18, 5, 7), torch.rand(2, 9, 5, 7)
    expected = 2 * 35 * 9 * 6 * 4 + 2 * 35 * 9 * 6 * 4
    assert dict(count(conv, x, offset, mask).of("")) == {DEFORMABLE: expected}
    gathered = Call(lambda x, o, m: gathered_deform_conv(x, o, conv.weight, m))
    found = count(gathered, x, offset, mask).of("")
    assert dict(found) == {SAMPLING: expected // 2, CONVOLUTION: expected // 2}


def test_deformable_convolutions_are_left_as_they_were():
    conv = DeformConv(2, 2)
    count(conv, torch.randn(1, 2, 3, 3), torch.zeros(1, 18, 3, 3))
    assert "forward" not in vars(conv)


def test_operators_without_a_formula_are_named():
    found = count(Call(torch.linalg.inv), torch.eye(3))
    assert found.total == 0 and any("inv" in name for name in found.unknown)


def test_counts_by_module_include_what_lies_below():
    net = nn.Sequential(nn.Conv2d(2, 3, 1), nn.Sequential(nn.Conv2d(3, 4, 1)))
    found = count(net, torch.randn(1, 2, 5, 5))
    assert [sum(found.of(p).values()) for p in ("", "0", "1", "1.0")] == [450, 150, 300, 300]


def test_detector_agrees_with_fvcore_and_ptflops():
    """R50-FPN and FCOS at full width: exactly fvcore's number, within 1 % of ptflops'."""
    net = Detector().eval().requires_grad_(False)
    ours = count(net, torch.randn(1, 3, 64, 64))
    assert ours.unknown == ()
    assert fvcore_analysis(net, torch.randn(1, 3, 64, 64)).total() == ours.total
    theirs, _ = ptflops.get_model_complexity_info(
        net, (3, 64, 64), as_strings=False, print_per_layer_stat=False, backend="aten"
    )
    assert theirs == pytest.approx(ours.total, rel=0.01)


def test_routing_agrees_with_fvcore_module_by_module():
    """DACR and CPR, deformable sampling included, however it is carried out."""
    net, levels = Routing(), pyramids()
    ours, theirs = count(net, *levels), fvcore_analysis(net, *levels).by_module()
    assert ours.total == theirs[""] > 0 and ours.unknown == ()
    for path in ("temporal.dacr", "temporal.dacr.cell_query", "temporal.cpr.rows.0.1"):
        assert sum(ours.of(path).values()) == theirs[path] > 0


@pytest.mark.parametrize("bias", [-50.0, -0.5])
def test_gated_work_is_what_masked_execution_does(bias, monkeypatch):
    """What really runs with sparse gates, on real tensors and by torch's own formulas (2 FLOPs a
    multiply-accumulate), is the static count less what the gates leave out.

    Path gates stay open, where they start: their depthwise convolutions always run.
    """
    monkeypatch.setattr("tpr.routing.masked.DENSE_ABOVE", 1.0)
    torch.manual_seed(0)
    net, levels = Routing(channels=8), pyramids(channels=8)
    for cell in net.modules():
        if isinstance(cell, (InnerCell, GatedBottleneck)):
            nn.init.normal_(cell.gate.conv.weight, std=0.3)
            nn.init.constant_(cell.gate.conv.bias, bias)
    static = count(net, *levels).of("temporal")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(*levels)
    gates = net.temporal.gates
    idle = sum(int(u.full() - u.used()) for u in gates if "from" not in u.name)
    assert idle > 0
    products = static[CONVOLUTION] + static[DEFORMABLE] - samples(gates, channels=8)
    norms = idle // (9 * 8 + 1)  # unit costs are 9 C^2 + C, the norm's share of them is C
    assert counter.get_total_flops() // 2 == products - (idle - norms)


def samples(gates, channels):
    """Multiply-accumulates of DACR's bilinear samples: two frames, nine taps, four neighbours."""
    positions = sum(use.gate.numel() for use in gates if use.name == "inner_query")
    return 2 * 9 * 4 * channels * positions
