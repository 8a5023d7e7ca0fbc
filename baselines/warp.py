"""Routing on a warped reference."""

from __future__ import annotations

from torch import nn

from tpr.routing import Frame, GateUse, Pyramid, TemporalPyramidRouting


class WarpedRouting(nn.Module):
    """A temporal module that warps the reference's whole pyramid first and then routes on it.

    warp: module (query: Frame, reference: Frame) -> the reference's pyramid, aligned to the query;
    routing: TPR with `Merge` in DACR's place.
    """

    def __init__(self, warp: nn.Module, routing: TemporalPyramidRouting) -> None:
        super().__init__()
        self.warp, self.routing = warp, routing

    @property
    def gates(self) -> list[GateUse]:
        """The routing's gates in the latest call."""
        return self.routing.gates

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the refined query pyramid."""
        return self.routing(query, Frame(self.warp(query, reference), reference.image))
