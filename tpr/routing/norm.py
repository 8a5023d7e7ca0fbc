"""Normalisation layers."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tpr.routing.gates import open_positions


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm with the paper's 32 groups, or the most that divide a narrower layer evenly.

    Never one channel a group: that would be instance norm, which has nothing to go by on 1x1 maps.
    """
    groups = math.gcd(32, channels)
    return nn.GroupNorm(groups // 2 if groups == channels > 1 else groups, channels)


class PositionNorm(nn.LayerNorm):
    """LayerNorm over the channels of each position, for (N, C, H, W).

    Gated cells use it in GroupNorm's place: it looks at one position only, so that evaluating a
    cell at the open positions alone gives the same numbers as evaluating it everywhere. (The
    release normalises over the active positions at test time and over all of them in training,
    which are two different functions.)
    """

    def forward(self, input: Tensor, gate: Tensor | None = None, reach: int = 0) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W); the gate makes no difference (see ActiveGroupNorm)."""
        return self.rows(input.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    def rows(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C), for positions that were gathered."""
        return super().forward(x)


class ActiveGroupNorm(nn.GroupNorm):
    """GroupNorm as in the release's gated cells, to reproduce its numbers.

    In training, and without a gate, ordinary GroupNorm. At test time its statistics are those of
    each image's active positions, and the output is 0 elsewhere.
    """

    def forward(self, input: Tensor, gate: Tensor | None = None, reach: int = 0) -> Tensor:
        """(N, C, H, W) -> (N, C, H, W).

        gate: (N, 1, H, W), active up to `reach` pixels around where it is > 0.
        """
        if self.training or gate is None:
            return super().forward(input)
        active = open_positions(gate, reach)
        grouped = input.reshape(input.shape[0], self.num_groups, -1, *input.shape[-2:])
        inside = active[:, None].to(input.dtype)
        count = (inside.sum((2, 3, 4), keepdim=True) * grouped.shape[2]).clamp(min=1)
        centred = grouped - (grouped * inside).sum((2, 3, 4), keepdim=True) / count
        variance = (centred.square() * inside).sum((2, 3, 4), keepdim=True) / count
        normed = (centred * torch.rsqrt(variance + self.eps)).view_as(input)
        return (normed * self.weight.view(-1, 1, 1) + self.bias.view(-1, 1, 1)) * active


def by_position(norm: PositionNorm | ActiveGroupNorm) -> PositionNorm:
    """The norm itself. Raises TypeError for one that needs whole maps."""
    if not isinstance(norm, PositionNorm):
        raise TypeError(f"{type(norm).__name__} needs whole maps, not chosen positions")
    return norm


def gated_norm(kind: str, channels: int) -> PositionNorm | ActiveGroupNorm:
    """The norm of a gated cell: `position` (one function everywhere) or `group` (the release's)."""
    if kind == "position":
        return PositionNorm(channels)
    if kind == "group":
        return ActiveGroupNorm(math.gcd(32, channels), channels)
    raise ValueError(f"unknown norm of gated cells {kind!r}; known: position, group")
