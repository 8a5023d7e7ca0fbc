"""3x3 convolutions evaluated at chosen positions only: gather patches, convolve, scatter.

Features are tables there: the channels-last rows of all positions of a batch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from .blocks import conv_patches
from .winograd import conv_tiles

# Above this share of positions one dense convolution is faster than gathering all patches.
DENSE_ABOVE = 0.75

# Winograd's convolution transforms weights and has more to prepare, which takes as long as so many
# multiply-accumulates do (both: benchmarks/sparse.py).
TILES_COST = 2**28


class Windows(NamedTuple):
    """k x k neighbourhoods of M positions: table rows and whether they lie outside, (M, k, k) each.

    Outside is zero; the rows of such neighbours are arbitrary ones of the table.
    """

    rows: Tensor
    outside: Tensor

    def among(self, held: Tensor, total: int) -> Windows:
        """The same windows in a table that holds the rows `held` (M',) only, of `total` ones."""
        places = numbered(held, total, missing=-1)[self.rows]
        return Windows(places.clamp(min=0), self.outside | (places < 0))


def feature_table(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N H W, C); shares memory with x if that is channels last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def from_rows(rows: Tensor, shape: torch.Size) -> Tensor:
    """(N H W, C) -> (N, C, H, W), channels last in memory."""
    n, channels, h, w = shape
    return rows.view(n, h, w, channels).permute(0, 3, 1, 2)


def sparse_positions(active: Tensor, weight: Tensor) -> Tensor | None:
    """Table rows (M,) of the true positions of (N, 1, H, W) bool, None where dense is faster.

    weight: of the convolution. Training stays dense: its gates are mostly open at the start.
    """
    if torch.is_grad_enabled():
        return None
    index, total = positions(active), active.numel()
    sparse = len(index) <= DENSE_ABOVE * total or tiles_pay(total, total // 4, weight)
    return index if sparse else None


def tiles_pay(outputs: int, tiles: int, weight: Tensor) -> bool:
    """Whether Winograd's convolution of 2x2 tiles is faster than that of the outputs in them."""
    products = (9 * outputs - 16 * tiles) * weight.shape[0] * weight.shape[1]
    return products > TILES_COST and weight.device.type == "cpu"


def positions(mask: Tensor) -> Tensor:
    """(N, 1, H, W) bool -> table rows of the true positions: (M,)."""
    return mask.flatten().nonzero().squeeze(1)


def numbered(index: Tensor, size: int, missing: int = 0) -> Tensor:
    """(size,): at the places `index` (M,) the numbers 0 to M - 1, elsewhere `missing`."""
    numbers = torch.arange(len(index), device=index.device)
    return index.new_full((size,), missing).index_copy_(0, index, numbers)


def windows_at(index: Tensor, shape: torch.Size, size: int = 3) -> Windows:
    """Windows of features (N, C, H, W) that begin one pixel above and left of table rows `index`.

    Of size 3 they are the neighbourhoods of those positions, of size 4 what 2x2 tiles read that
    begin there.
    """
    n, _, h, w = shape
    return Windows(*(t.index_select(0, index) for t in all_windows(n, h, w, size, index.device)))


@lru_cache(maxsize=32)
def all_windows(n: int, h: int, w: int, size: int, device: torch.device) -> Windows:
    """The windows of all N H W positions. Kept: on small levels they take longer than their use."""
    shift = torch.arange(-1, size - 1, device=device)
    y = torch.arange(h, device=device)[:, None] + shift
    x = torch.arange(w, device=device)[:, None] + shift
    above_below, beside = (y < 0) | (y >= h), (x < 0) | (x >= w)
    outside = (above_below[:, None, :, None] | beside[:, None]).expand(n, -1, -1, -1, -1)
    first = h * w * torch.arange(n, device=device).view(-1, 1, 1, 1, 1)
    rows = (first + w * y[:, None, :, None] + x[:, None]).masked_fill(outside, 0)
    return Windows(rows.view(-1, size, size), outside.reshape(-1, size, size))


def tiles_of(index: Tensor, shape: torch.Size) -> tuple[Tensor, Tensor, Tensor]:
    """The 2x2 tiles that positions with table rows `index` (M,) lie in.

    Returns the table rows that tiles begin at (T,), each position's tile (M,) and its row-major
    place there (M,).
    """
    n, _, h, w = shape
    down, right = index // w % h % 2, index % w % 2
    start = index - down * w - right
    used = torch.zeros(n * h * w, dtype=torch.bool, device=index.device)
    starts = positions(used.index_fill_(0, start, True))
    return starts, numbered(starts, len(used))[start], 2 * down + right


def conv_at(
    table: Tensor, index: Tensor, shape: torch.Size, weight: Tensor, held: Tensor | None = None
) -> Tensor:
    """3x3 convolution of features (N, C, H, W) at the positions with table rows `index` (M,).

    table: their rows, all or those of the positions `held` (M',), which include what is needed;
    weight: (C_out, C, 3, 3). Returns (M, C_out).
    """
    total = shape[0] * shape[2] * shape[3]

    def windows(starts: Tensor, size: int) -> Windows:
        found = windows_at(starts, shape, size)
        return found if held is None else found.among(held, total)

    if tiles_pay(len(index), len(index) // 4, weight):
        starts, tile, place = tiles_of(index, shape)
        if tiles_pay(len(index), len(starts), weight):
            return conv_tiles(table, *windows(starts, 4), weight, tile, place)
    near = windows(index, 3)
    return conv_patches(lambda here: gather(table, near, here), len(index), weight)


def gather(table: Tensor, windows: Windows, here: slice) -> Tensor:
    """The values of the M windows `here`: (M k^2, C)."""
    values = table.index_select(0, windows.rows[here].flatten())
    return values.index_fill_(0, positions(windows.outside[here]), 0)


def add_gated(x: Tensor, index: Tensor, residual: Tensor, gate: Tensor) -> Tensor:
    """ReLU(x + m F): F (M, C) at the positions `index` (M,), elsewhere m = 0.

    x: (N, C, H, W), as the result; gate: m, (N, 1, H, W).
    """
    table = feature_table(x)
    here = table.index_select(0, index) + residual * gate.flatten()[index, None]
    return from_rows(table.relu().index_copy_(0, index, here.relu_()), x.shape)
