"""Mixing an aligned reference into the query, as all sampling modules of Table 1(d) do it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tpr.routing import GateUse
from tpr.routing.dacr import OUTER_GATE_BIAS
from tpr.routing.start import start_bias

# Shares of query and reference that DACR passes on at its identity start, its outer gate open.
MERGED_SHARE = 1 / (1 + math.exp(OUTER_GATE_BIAS))
REFERENCE_SHARE = MERGED_SHARE / 2


class Merge(nn.Module):
    """Y = Conv1x1(Cat(X_q, aligned X_r)), weights shared over the levels: DACR's fusion, ungated.

    It takes DACR's place in `TemporalPyramidRouting`. identity_init starts where DACR's identity
    start does, at 0.866 X_q + 0.134 aligned X_r, so that all rows of a table set out from the same
    features; otherwise the weights start at random, as DACR's do.
    """

    def __init__(self, channels: int, *, identity_init: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * channels, channels, 1)
        if identity_init:
            eye = torch.eye(channels)
            shares = [(1 - REFERENCE_SHARE) * eye, REFERENCE_SHARE * eye]
            self.conv.weight.data.copy_(torch.cat(shares, 1)[..., None, None])
            start_bias(self.conv)

    def forward(self, query: Tensor, aligned: Tensor, level: str) -> tuple[Tensor, list[GateUse]]:
        """query, aligned: (N, C, H, W) -> (N, C, H, W) and no gates."""
        return self.conv(torch.cat([query, aligned], 1)), []
