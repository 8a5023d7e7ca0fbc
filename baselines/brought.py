"""What a temporal module brought from the reference frame: one record for every module."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tpr.routing import Frame, GateUse, Pyramid, noted_gates


class Brought(NamedTuple):
    """By level, for one call of a module.

    change: (N, 1, H, W), how much the reference changed the refined features: the root mean square
    over the channels of module(query, reference) - module(query, query), over that of the query
    level. It means the same for all modules; it is 0 where the reference brought nothing that the
    query frame does not know itself.
    motion: (N, 2, H, W), where flow or the offsets looked, (dx, dy) in the level's pixels; empty
    for modules that keep no such record.
    gates: as the module left them.
    """

    change: Pyramid
    motion: Pyramid
    gates: list[GateUse]


@torch.no_grad()
def brought(module: nn.Module, query: Frame, reference: Frame) -> Brought:
    """Calls a module twice on frames of (N, C, H_l, W_l) levels; use it in evaluation mode."""
    without = module(query, query)
    refined = module(query, reference)
    change = {
        name: rms(refined[name] - without[name], 1) / rms(x, (1, 2, 3)).clamp(min=1e-12)
        for name, x in query.pyramid.items()
    }
    motion: Pyramid = {}
    for part in module.modules():
        motion |= getattr(part, "motion", {})
    return Brought(change, motion, noted_gates(module))


def rms(x: Tensor, dims: int | tuple[int, ...]) -> Tensor:
    """Root mean square over some dimensions, which stay with size 1."""
    return x.square().mean(dims, keepdim=True).sqrt()
