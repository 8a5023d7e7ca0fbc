"""Warping features along a flow."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

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


def stride_of(level: str) -> int:
    """p3 -> 8."""
    return 2 ** int(level.removeprefix("p"))
