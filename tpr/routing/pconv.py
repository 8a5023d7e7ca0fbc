"""Pyramid convolution cells: the ungated routing cells of the release's R50 model."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing.gates import GateUse
from tpr.routing.resample import resize
from tpr.routing.sampling import DeformConv
from tpr.routing.start import start_bias


class PyramidConv(nn.Module):
    """3x3 convolution with bias, plain or deformable (DCN v1, own offsets) with the same weights.

    Starts at N(0, .01) with zero biases, the offsets too, as in the release; `copies` makes it
    start as a copy of its input, or as nothing.
    """

    def __init__(self, channels: int, stride: int = 1, copies: bool | None = None) -> None:
        super().__init__()
        self.offset = nn.Conv2d(channels, 18, 3, stride=stride, padding=1)
        self.conv = DeformConv(channels, channels, stride=stride, bias=True)
        nn.init.normal_(self.offset.weight, std=0.01)
        start_bias(self.offset)
        nn.init.normal_(self.conv.weight, std=0.01)
        if copies is not None:
            nn.init.zeros_(self.offset.weight)
            nn.init.zeros_(self.conv.weight)
        if copies:
            nn.init.dirac_(self.conv.weight)

    def forward(self, x: Tensor, deformable: bool) -> Tensor:
        """(N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride))."""
        if deformable:
            return self.conv(x, self.offset(x))
        return F.conv2d(x, self.conv.weight, self.conv.bias, self.conv.stride, padding=1)


class PConvCell(nn.Module):
    """y_l = ReLU(W_own x_l + W_finer x_{l-1} + R(W_coarser x_{l+1})), weights shared over levels.

    W_finer has stride 2, R resizes bilinearly with aligned corners, missing neighbours are left
    out. For the first of the levels passed in the convolutions are plain, for the others
    deformable. There are no gates. identity_init: every level starts as ReLU(x_l).
    """

    def __init__(self, channels: int, *, identity_init: bool = False) -> None:
        super().__init__()
        own, other = (True, False) if identity_init else (None, None)
        self.own = PyramidConv(channels, copies=own)
        self.from_finer = PyramidConv(channels, stride=2, copies=other)
        self.from_coarser = PyramidConv(channels, copies=other)

    def forward(self, levels: list[tuple[str, Tensor]]) -> tuple[list[Tensor], list[GateUse]]:
        """[(level name, (N, C, H_l, W_l))], fine to coarse -> refined features, no gates.

        Raises ValueError if a level is not half as large as the one before it (rounded up).
        """
        _check_halving(levels)
        return [self._level(i, [x for _, x in levels]) for i in range(len(levels))], []

    def _level(self, i: int, features: list[Tensor]) -> Tensor:
        deformable = i > 0
        out = self.own(features[i], deformable)
        if i > 0:
            out = out + self.from_finer(features[i - 1], deformable)
        if i + 1 < len(features):
            coarser = self.from_coarser(features[i + 1], deformable)
            out = out + resize(coarser, out.shape[-2:])
        return torch.relu(out)


def _check_halving(levels: list[tuple[str, Tensor]]) -> None:
    for (finer, x), (name, y) in pairwise(levels):
        expected = tuple((size + 1) // 2 for size in x.shape[-2:])
        if tuple(y.shape[-2:]) != expected:
            raise ValueError(
                f"PConv cells need levels that halve: {name} is {tuple(y.shape[-2:])}, "
                f"but half of {finer} is {expected}"
            )
