"""Winograd's convolution F(2x2, 3x3) of chosen tiles (Lavin and Gray, CVPR 2016).

A tile of 2x2 outputs reads 4x4 inputs d; Y = A^T [(G g G^T) * (B^T d B)] A takes 16 products of
C x C_out, where four patches take 36. What it does to features before and after the products are
sums of a few rows with signs: embedding bags that read a table where it lies.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

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
SUMMED, SUMMED_SIGNS = terms(both_ways(OUTPUT))  # (4, 9): of the 16 products


def conv_tiles(
    table: Tensor, rows: Tensor, outside: Tensor, weight: Tensor, tile: Tensor, place: Tensor
) -> Tensor:
    """3x3 convolution at M positions that lie in T tiles of 2x2; on CPU.

    table: (R, C); rows, outside: (T, 4, 4), the table rows a tile reads and which of them are zero
    instead; weight: (C_out, C, 3, 3); tile, place: (M,), a position's tile and its row-major place
    in that, 0 to 3. Returns (M, C_out).
    """
    signs = by_term((~outside).to(table.dtype)) * READ_SIGNS.to(table.dtype)[:, None]
    inputs = signed_sums(table, by_term(rows.int()), signs).view(16, -1, table.shape[1])
    kernel = KERNEL_BOTH.to(weight.dtype) @ weight.permute(0, 2, 3, 1).flatten(1, 2)
    products = inputs @ kernel.permute(1, 2, 0)  # (16, T, C_out)
    summed = torch.add(tile[:, None], SUMMED[place], alpha=len(rows)).int()
    signs = SUMMED_SIGNS.to(products.dtype)[place]
    return signed_sums(products.flatten(0, 1), summed, signs)


def signed_sums(table: Tensor, rows: Tensor, signs: Tensor) -> Tensor:
    """Sums of table rows with signs or zeros: (R, C), twice (..., k) -> (M, C), flat."""
    rows, signs = rows.flatten(0, -2), signs.flatten(0, -2)
    return F.embedding_bag(rows, table, per_sample_weights=signs, mode="sum")


def by_term(values: Tensor) -> Tensor:
    """(T, 4, 4) of the inputs -> (16, T, 4): of each of the 16 terms the inputs it sums."""
    chosen = values.flatten(1).index_select(1, READ.flatten())
    return chosen.view(-1, 16, 4).transpose(0, 1).contiguous()
