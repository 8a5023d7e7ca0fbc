"""3x3 convolutions evaluated at chosen positions only: gather patches, convolve, scatter."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tpr.routing.blocks import conv_patches
from tpr.routing.execution import execution_on
from tpr.routing.tables import Table, Windows, all_windows, lengths, positions, tiles_of
from tpr.routing.winograd import conv_tiles

# Above this share of positions one dense convolution is faster than gathering all patches.
DENSE_ABOVE = 0.75

# Winograd's convolution transforms weights and has more to prepare, which takes as long as so many
# multiply-accumulates do (both: benchmarks/sparse.py).
TILES_COST = 3 * 2**26


def sparse_positions(gate: Tensor, weight: Tensor) -> Tensor | None:
    """Table rows (M,) where a gate in the table's order is open, None where all are to be computed:
    in dense execution, and where that is faster.

    weight: of the convolution.
    """
    if execution_on(gate.device) == "dense":
        return None
    index, total = positions(gate), gate.numel()
    sparse = len(index) <= DENSE_ABOVE * total or tiles_pay(total, total // 4, weight)
    return index if sparse else None


def tiles_pay(outputs: int, tiles: int, weight: Tensor) -> bool:
    """Whether Winograd's convolution of 2x2 tiles is faster than a direct one of the outputs in
    them."""
    products = (9 * outputs - 16 * tiles) * weight.shape[0] * weight.shape[1]
    return products > TILES_COST and weight.device.type == "cpu" and in_float32(weight)


def in_float32(weight: Tensor) -> bool:
    """Whether products with a weight are computed in fp32.

    In half precision the sums and differences that make a tile's outputs would lose too many
    digits.
    """
    wide = weight.dtype in (torch.float32, torch.float64)
    return wide and not torch.is_autocast_enabled(weight.device.type)


def conv_at(table: Table, index: Tensor, weight: Tensor, held: Tensor | None = None) -> Tensor:
    """3x3 convolution at the positions with table rows `index` (M,).

    table: all rows, or only those of the positions `held` (M',), which include what is needed;
    weight: (C_out, C, 3, 3). Returns (M, C_out).
    """
    rows, sizes = table

    def windows(starts: Tensor, size: int) -> Windows:
        found = all_windows(sizes, size, rows.dtype, rows.device).at(starts)
        return found if held is None else found.among(held, sum(lengths(sizes)))

    if tiles_pay(len(index), len(index) // 4, weight):
        starts, tile, place = tiles_of(index, sizes)
        if tiles_pay(len(index), len(starts), weight):
            return conv_tiles(rows, *windows(starts, 4), weight, tile, place)
    near = windows(index, 3)
    return conv_patches(lambda here: gather(rows, near, here), len(index), weight)


def gather(rows: Tensor, windows: Windows, here: slice = slice(None)) -> Tensor:
    """The rows that M windows cover in a table (R, C): (M k^2, C)."""
    index, weights = (t[here].flatten() for t in windows)
    # Bags of one row each: what lies outside is cleared while the rest is copied.
    alone = torch.arange(len(index), dtype=index.dtype, device=index.device)
    return F.embedding_bag(index, rows, alone, per_sample_weights=weights, mode="sum")


def add_gated(x: Table, index: Tensor, residual: Tensor, gate: Table) -> Table:
    """ReLU(x + m F): F (M, C) at the positions with table rows `index` (M,), elsewhere m = 0."""
    features, opened = (table.rows.index_select(0, index) for table in (x, gate))
    here = torch.addcmul(features, residual, opened)
    return x.like(x.rows.relu().to(here.dtype).index_copy_(0, index, here.relu_()))
