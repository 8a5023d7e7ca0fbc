"""Normalisation layers."""

from __future__ import annotations

import math

from torch import Tensor, nn


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm with the paper's 32 groups, or the most that divide a narrower layer."""
    return nn.GroupNorm(math.gcd(32, channels), channels)


class PositionNorm(nn.LayerNorm):
    """LayerNorm over the channels of each position, for (N, C, H, W).

    Gated cells use it in GroupNorm's place: it looks at one position only, so that evaluating a
    cell at the open positions alone gives the same numbers as evaluating it everywhere. (The
    release normalises over the active positions at test time and over all of them in training,
    which are two different functions.)
    """

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        return super().forward(x).permute(0, 3, 1, 2)
