"""Spatial gates of the fine-grained dynamic head [53], used by every gated cell of TPR."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing.precision import at_least_float32
from tpr.routing.start import start_bias
from tpr.routing.tables import Table
from tpr.routing.taps import TapConv

TAU = 1.5


class GateUse(NamedTuple):
    """One gate in one forward pass, and what it controls (Eq. 8, in multiply-accumulates).

    name: which gate; level: which pyramid level; gate: the map m, (N, 1, H, W); costs: pairs (map,
    cost of an open position): one for most gates, a second, dilated one for a bottleneck.
    """

    name: str
    level: str
    gate: Tensor
    costs: tuple[tuple[Tensor, int], ...]

    def __reduce__(self) -> tuple[type[GateUse], tuple[object, ...]]:
        """Copies and pickles have no graph, with which neither can be made."""
        costs = tuple((m.detach(), cost) for m, cost in self.costs)
        return GateUse, (self.name, self.level, self.gate.detach(), costs)

    def soft(self) -> Tensor:
        """Differentiable cost of each image: (N,)."""
        return added(m.float().sum((1, 2, 3)) * cost for m, cost in self.costs)

    def used(self) -> Tensor:
        """Cost of the open positions of each image: (N,)."""
        return added((m > 0).sum((1, 2, 3)) * cost for m, cost in self.costs)

    def full(self) -> int:
        """Cost of an image if everything were open."""
        return self.gate.shape[-2] * self.gate.shape[-1] * sum(cost for _, cost in self.costs)


def noted_gates(module: nn.Module | None) -> list[GateUse]:
    """The gates that a temporal module noted in its latest call: its `gates`, a list of GateUse.

    A layer or a tensor of that name is the module's own affair, so that none were noted; raises
    ValueError for a list of anything else.
    """
    found = getattr(module, "gates", None)
    if not isinstance(found, list | tuple):
        return []
    for use in found:  # pyright: ignore[reportUnknownVariableType]: asked below
        if not isinstance(use, GateUse):
            raise ValueError(
                f"{type(module).__name__}.gates holds {type(use).__name__}: the budget loss takes "  # pyright: ignore[reportUnknownArgumentType]
                "GateUse there (of the routing package); give your own list another name"
            )
    return list(found)  # pyright: ignore[reportUnknownArgumentType]


def added(tensors: Iterable[Tensor]) -> Tensor:
    """The sum of one or more tensors, from the first to the last."""
    return reduce(operator.add, tensors)


def gate_activation(v: Tensor, tau: float = TAU) -> Tensor:
    """G(v) = max(0, (tanh(v - tau) + tanh tau) / (1 + tanh tau)): zero for v <= 0, below 1.

    Half precision would lose in the sum what a gate is that opens just now: it would stay closed.
    """
    shift = math.tanh(tau)
    opened = (torch.tanh(at_least_float32(v) - tau) + shift) / (1 + shift)
    return torch.clamp(opened, min=0).to(v.dtype)


def open_positions(gate: Tensor, reach: int = 0) -> Tensor:
    """Where m > 0 at most `reach` pixels away: (N, 1, H, W) gate -> (N, 1, H, W) bool."""
    return F.max_pool2d(gate, 2 * reach + 1, stride=1, padding=reach) > 0


def opening_bias(opening: float, tau: float = TAU) -> float:
    """The bias at which a gate with zero weights has the value `opening`, in (0, 1)."""
    if not 0 < opening < 1:
        raise ValueError(f"a gate's opening must lie strictly between 0 and 1, not {opening}")
    return 0.5 * math.log((1 + opening * math.exp(2 * tau)) / (1 - opening))


class SpatialGate(nn.Module):
    """m = G(Conv3x3(x)): (N, C, H, W) -> (N, 1, H, W) in [0, 1), of what lies side by side, too."""

    def __init__(self, channels: int, opening: float = 0.99) -> None:
        super().__init__()
        self.conv = TapConv(channels, 1, 3)
        nn.init.normal_(self.conv.weight, std=0.01)
        start_bias(self.conv, opening_bias(opening))

    def forward(self, *parts: Tensor) -> Tensor:
        return gate_activation(self.conv(*parts))

    def of_table(self, features: Table) -> Table:
        """The same for the table of several levels: (R, C) -> (R, 1)."""
        logits = self.conv(features)
        return logits.like(gate_activation(logits.rows))
