"""Spatial gates of the fine-grained dynamic head [53], used by every gated cell of TPR."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

TAU = 1.5


class GateUse(NamedTuple):
    """One gate in one forward pass, with its terms of the budget (Eq. 8) in multiply-accumulates.

    name: which gate; level: which pyramid level; gate: the map m, (N, 1, H, W).
    soft: (N,) differentiable cost, used: (N,) cost of the open positions, full: cost if all open.
    """

    name: str
    level: str
    gate: Tensor
    soft: Tensor
    used: Tensor
    full: float


def gate_activation(v: Tensor, tau: float = TAU) -> Tensor:
    """G(v) = max(0, (tanh(v - tau) + tanh tau) / (1 + tanh tau)): zero for v <= 0, below 1."""
    shift = math.tanh(tau)
    return torch.clamp((torch.tanh(v - tau) + shift) / (1 + shift), min=0)


def opening_bias(opening: float, tau: float = TAU) -> float:
    """The bias at which a gate with zero weights has the value `opening`, in (0, 1)."""
    if not 0 < opening < 1:
        raise ValueError(f"a gate's opening must lie strictly between 0 and 1, not {opening}")
    return 0.5 * math.log((1 + opening * math.exp(2 * tau)) / (1 - opening))


class SpatialGate(nn.Module):
    """m = G(Conv3x3(x)): (N, C, H, W) -> (N, 1, H, W) in [0, 1)."""

    def __init__(self, channels: int, opening: float = 0.99) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 1, 3, padding=1)
        nn.init.normal_(self.conv.weight, std=0.01)
        nn.init.constant_(self.conv.bias, opening_bias(opening))

    def forward(self, x: Tensor) -> Tensor:
        return gate_activation(self.conv(x))


def gate_use(name: str, level: str, gate: Tensor, units: list[tuple[Tensor, float]]) -> GateUse:
    """Budget terms of a gate whose open positions cost `units`: (map, cost a position) pairs.

    Most gates have one pair, (gate, cost); a bottleneck has a second one with the dilated gate.
    """
    soft = sum(m.sum((1, 2, 3)) * unit for m, unit in units)
    used = sum((m > 0).sum((1, 2, 3)) * unit for m, unit in units)
    positions = gate.shape[-2] * gate.shape[-1]
    return GateUse(name, level, gate, soft, used, positions * sum(unit for _, unit in units))
