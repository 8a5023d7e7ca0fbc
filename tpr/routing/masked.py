"""3x3 convolutions evaluated at chosen positions only: gather patches, multiply, scatter.

Features are tables: the channels-last rows of all positions of a batch, and one row of zeros, which
stands for everything outside the maps.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Above this share of positions one dense convolution is faster (benchmarks/sparse.py).
DENSE_ABOVE = 0.6


def feature_table(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N H W + 1, C); the last row is zero."""
    rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
    return torch.cat([rows, rows.new_zeros(1, rows.shape[1])])


def from_rows(rows: Tensor, shape: torch.Size) -> Tensor:
    """(N H W, C) -> (N, C, H, W), channels last in memory."""
    n, channels, h, w = shape
    return rows.view(n, h, w, channels).permute(0, 3, 1, 2)


def positions(mask: Tensor) -> Tensor:
    """(N, 1, H, W) bool -> flat indices of the true positions: (M,)."""
    return mask.flatten().nonzero().squeeze(1)


def patch_rows(index: Tensor, shape: torch.Size) -> Tensor:
    """Table rows of the 3x3 neighbourhoods of positions: (M,) -> (M, 9).

    shape: (N, C, H, W) of the features. Neighbours outside the map are the zero row, N H W.
    """
    n, _, h, w = shape
    y, x = index // w % h, index % w
    shift = torch.arange(-1, 2, device=index.device)
    rows, columns = y[:, None] + shift, x[:, None] + shift
    inside = ((rows >= 0) & (rows < h))[:, :, None] & ((columns >= 0) & (columns < w))[:, None]
    near = index[:, None, None] + shift[:, None] * w + shift
    return torch.where(inside, near, n * h * w).view(-1, 9)


def conv_at(table: Tensor, patches: Tensor, weight: Tensor) -> Tensor:
    """3x3 convolution at M positions.

    table: (T, C), patches: (M, 9), weight: (C_out, C, 3, 3). Returns (M, C_out).
    """
    gathered = table.index_select(0, patches.flatten()).view(len(patches), 9 * table.shape[1])
    return gathered @ weight.permute(2, 3, 1, 0).reshape(-1, weight.shape[0])


def add_gated(
    table: Tensor, index: Tensor, residual: Tensor, gate: Tensor, shape: torch.Size
) -> Tensor:
    """ReLU(x + m F): table of x, changed in place; F (M, C) at the M positions `index`; m the gate.

    shape: of x, (N, C, H, W), which is also that of the result.
    """
    table.index_add_(0, index, residual * gate.flatten()[index, None])
    return from_rows(table[:-1].relu_(), shape)


def worth_masking(active: Tensor) -> bool:
    """Whether so few positions (N, 1, H, W) bool are active that gathering them saves time.

    Training stays dense: its gates are mostly open at the start.
    """
    return not torch.is_grad_enabled() and active.float().mean().item() <= DENSE_ABOVE
