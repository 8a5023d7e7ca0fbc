"""How much a temporal module changes a frame's features because of the reference frame: one record,
which means the same for every module."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tpr.routing import Frame, GateUse, Pyramid, noted_gates


class ReferenceUse(NamedTuple):
    """What one call of a module took from the reference frame, by pyramid level.

    change: (N, 1, H, W), by how much the reference changed the refined features: the root mean
    square over the channels of module(query, reference) - module(query, query), divided by that of
    the query level. It is 0 where the reference added nothing that the query frame does not hold
    itself.
    motion: (N, 2, H, W), where flow or offsets sampled the reference, (dx, dy) in the level's
    pixels; empty for modules that keep no such record.
    gates: the records of the module's gates, in the order of its cells; empty for modules without.
    """

    change: Pyramid
    motion: Pyramid
    gates: list[GateUse]


@torch.no_grad()
def reference_use(module: nn.Module, query: Frame, reference: Frame) -> ReferenceUse:
    """Calls a module twice, with the reference and with the query in its place, and compares.

    query, reference: frames whose levels are (N, C, H_l, W_l). The module must be in evaluation
    mode.
    """
    without = module(query, query)
    refined = module(query, reference)
    change = {
        name: rms(refined[name] - without[name], 1) / rms(x, (1, 2, 3)).clamp(min=1e-12)
        for name, x in query.pyramid.items()
    }
    motion: Pyramid = {}
    for part in module.modules():
        motion |= getattr(part, "motion", {})
    return ReferenceUse(change, motion, noted_gates(module))


def rms(x: Tensor, dims: int | tuple[int, ...]) -> Tensor:
    """Root mean square over some dimensions, which stay with size 1."""
    return x.square().mean(dims, keepdim=True).sqrt()
