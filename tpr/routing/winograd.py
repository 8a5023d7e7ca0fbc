"""Winograd's convolution F(2x2, 3x3) of chosen tiles (Lavin and Gray, CVPR 2016).

A tile of 2x2 outputs reads 4x4 inputs d; Y = A^T [(G g G^T) * (B^T d B)] A takes 16 products of
C x C_out, where four patches take 36. What it does to features before and after the products are
sums of a few rows with signs: embedding bags that read a table where it lies.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tpr.routing.tables import weighted_sums

INPUT = torch.tensor([[1.0, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]])  # B^T
KERNEL = torch.tensor([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])  # G
OUTPUT = torch.tensor([[1.0, 1, 1, 0], [0, 1, -1, -1]])  # A^T


def both_ways(transform: Tensor) -> Tensor:
    """t M t^T as one matrix for the row-major values of M."""
    return torch.kron(transform, transform)


def terms(transform: Tensor) -> tuple[Tensor, Tensor]:
    """Of each row its nonzero columns and their values, both (rows, as many as all rows have)."""
    shape = len(transform), -1
    return transform.nonzero()[:, 1].view(shape), transform[transform != 0].view(shape)


KERNEL_BOTH = both_ways(KERNEL)  # (16, 9)
READ, READ_SIGNS = terms(both_ways(INPUT))  # (16, 4): of the 4x4 inputs
_COLUMNS, SUMMED_SIGNS = terms(both_ways(OUTPUT))  # (4, 9): of the 16 products
SUMMED = _COLUMNS.int()


def conv_tiles(
    table: Tensor, rows: Tensor, weights: Tensor, kernel: Tensor, tile: Tensor, place: Tensor
) -> Tensor:
    """3x3 convolution at M positions that lie in T tiles of 2x2; on CPU.

    table: (R, C); rows, weights: (T, 16), the table rows a tile reads, row-major, and 1 or 0, their
    weights; kernel: (C_out, C, 3, 3); tile, place: (M,), a position's tile and its row-major place
    in that, 0 to 3. Returns (M, C_out).
    """
    signs = by_term(weights) * READ_SIGNS.to(table.dtype)[:, None]
    inputs = weighted_sums(table, by_term(rows).flatten(0, 1), signs.flatten(0, 1))
    taps = KERNEL_BOTH.to(kernel.dtype) @ kernel.permute(0, 2, 3, 1).flatten(1, 2)
    products = inputs.view(16, -1, table.shape[1]) @ taps.permute(1, 2, 0)  # (16, T, C_out)
    summed = torch.add(tile[:, None], SUMMED[place], alpha=len(rows))
    return weighted_sums(products.flatten(0, 1), summed, SUMMED_SIGNS.to(table.dtype)[place])


def by_term(values: Tensor) -> Tensor:
    """(T, 16) of the inputs -> (16, T, 4): of each of the 16 terms the inputs it sums."""
    chosen = values.index_select(1, READ.flatten())
    return chosen.view(-1, 16, 4).transpose(0, 1).contiguous()
