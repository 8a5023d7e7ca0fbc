"""Warping features along a flow, and routing on a warped reference."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing import Frame, GateUse, Pyramid, TemporalPyramidRouting
from tpr.routing.precision import at_least_float32


def warp(x: Tensor, flow: Tensor) -> Tensor:
    """out[y, x] = x[y + dy, x + dx], bilinear, 0 outside the map: (N, C, H, W) -> (N, C, H, W).

    flow: (N, 2, H, W), (dx, dy) in pixels of x, from positions to where their content is in x.
    """
    h, w = x.shape[-2:]
    values = at_least_float32(x)  # half precision cannot tell positions apart
    flow = flow.to(values.dtype)
    columns = torch.arange(w, device=x.device, dtype=flow.dtype) + flow[:, 0]
    rows = torch.arange(h, device=x.device, dtype=flow.dtype).view(h, 1) + flow[:, 1]
    # grid_sample's coordinates without aligned corners: -1 and 1 are the map's outer borders
    grid = torch.stack([(2 * columns + 1) / w - 1, (2 * rows + 1) / h - 1], -1)
    out = F.grid_sample(values, grid, padding_mode="zeros", align_corners=False)
    return out.to(x.dtype)


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
