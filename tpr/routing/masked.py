"""3x3 convolutions evaluated at chosen positions only: gather patches, convolve, scatter.

Features are tables there: the channels-last rows of all positions of a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .blocks import conv_patches

# Above this share of positions one dense convolution is faster (benchmarks/sparse.py).
DENSE_ABOVE = 0.75


class Patches(NamedTuple):
    """3x3 neighbourhoods of M positions: table rows and whether they lie outside, (M, 3, 3) each.

    Outside the maps is zero; the rows of such neighbours are arbitrary ones of the table.
    """

    rows: Tensor
    outside: Tensor

    def among(self, index: Tensor, rows: int) -> Patches:
        """The same patches in a table that holds the rows `index` (M',) only, of `rows` before."""
        new = index.new_zeros(rows).index_copy_(
            0, index, torch.arange(len(index), device=index.device)
        )
        return Patches(new[self.rows], self.outside)


def feature_table(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N H W, C); shares memory with x if that is channels last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def from_rows(rows: Tensor, shape: torch.Size) -> Tensor:
    """(N H W, C) -> (N, C, H, W), channels last in memory."""
    n, channels, h, w = shape
    return rows.view(n, h, w, channels).permute(0, 3, 1, 2)


def sparse_positions(active: Tensor) -> Tensor | None:
    """Table rows (M,) of the true positions of (N, 1, H, W) bool, None where dense is faster.

    Training stays dense: its gates are mostly open at the start.
    """
    if torch.is_grad_enabled():
        return None
    index = positions(active)
    return index if len(index) <= DENSE_ABOVE * active.numel() else None


def positions(mask: Tensor) -> Tensor:
    """(N, 1, H, W) bool -> table rows of the true positions: (M,)."""
    return mask.flatten().nonzero().squeeze(1)


def patches_at(index: Tensor, shape: torch.Size) -> Patches:
    """Neighbourhoods of the positions with table rows `index` (M,) in features (N, C, H, W)."""
    _, _, h, w = shape
    shift = torch.arange(-1, 2, device=index.device)
    y = (index // w % h)[:, None] + shift
    x = (index % w)[:, None] + shift
    outside = ((y < 0) | (y >= h))[..., None] | ((x < 0) | (x >= w))[:, None]
    rows = index[:, None, None] + w * shift[:, None] + shift
    return Patches(rows.masked_fill(outside, 0), outside)


def conv_at(table: Tensor, patches: Patches, weight: Tensor) -> Tensor:
    """3x3 convolution at M positions.

    table: (T, C), weight: (C_out, C, 3, 3). Returns (M, C_out).
    """

    def gather(here: slice) -> Tensor:
        values = table.index_select(0, patches.rows[here].flatten())
        return values.index_fill_(0, positions(patches.outside[here]), 0)

    return conv_patches(gather, len(patches.rows), weight)


def add_gated(x: Tensor, index: Tensor, residual: Tensor, gate: Tensor) -> Tensor:
    """ReLU(x + m F): F (M, C) at the positions `index` (M,), elsewhere m = 0.

    x: (N, C, H, W), as the result; gate: m, (N, 1, H, W).
    """
    table = feature_table(x)
    here = table.index_select(0, index) + residual * gate.flatten()[index, None]
    return from_rows(table.relu().index_copy_(0, index, here.relu_()), x.shape)
