"""Features of one or several pyramid levels as one table: the channels-last rows of all positions.

What looks at a position alone, or at its neighbours by their rows, then takes one call for a whole
pyramid: on the coarse levels calls take longer than what they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

Sizes = tuple[tuple[int, int, int], ...]  # N, H, W of each level


class Table(NamedTuple):
    """Levels of (N, C, H, W) as rows (R, C), one level after the other; sizes: N, H, W of each."""

    rows: Tensor
    sizes: Sizes

    @classmethod
    def of(cls, levels: Sequence[Tensor]) -> Table:
        """The table of some levels; shares memory with levels that are channels last and adjacent
        in memory."""
        tables = [feature_table(x) for x in levels]
        joined = _joined(tables)
        sizes = tuple((x.shape[0], x.shape[-2], x.shape[-1]) for x in levels)
        return cls(torch.cat(tables) if joined is None else joined, sizes)

    def levels(self) -> list[Tensor]:
        """The levels (N, C, H, W), channels last in memory, which they share with the table."""
        parts = torch.split_with_sizes(self.rows, lengths(self.sizes))
        return [
            part.view(n, h, w, -1).permute(0, 3, 1, 2)
            for part, (n, h, w) in zip(parts, self.sizes, strict=True)
        ]

    def part(self, start: int, stop: int) -> Table:
        """The table of some of the levels, sharing memory."""
        begin, end = (sum(lengths(self.sizes[:i])) for i in (start, stop))
        return Table(self.rows[begin:end], self.sizes[start:stop])

    def like(self, rows: Tensor) -> Table:
        """A table of other rows for the same levels."""
        return Table(rows, self.sizes)


def lengths(sizes: Sizes) -> list[int]:
    """Number of table rows of each level."""
    return [n * h * w for n, h, w in sizes]


def feature_table(x: Tensor) -> Tensor:
    """(N, C, H, W) -> (N H W, C); shares memory with x if that is channels last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def _joined(tables: list[Tensor]) -> Tensor | None:
    """One table of adjacent tables without gaps in memory, None if they are not adjacent."""
    first = tables[0]
    if len(tables) == 1:
        return first
    memory, end = first.untyped_storage().data_ptr(), first.storage_offset()
    for table in tables:
        if table.untyped_storage().data_ptr() != memory or not table.is_contiguous():
            return None
        if table.storage_offset() != end:
            return None
        end += table.numel()
    return first.as_strided((sum(map(len, tables)), first.shape[1]), first.stride())


def positions(values: Tensor) -> Tensor:
    """Table rows where values in the table's order, of bools or gates, are not 0: (M,)."""
    return values.flatten().nonzero().squeeze(1)


def weighted_sums(rows: Tensor, index: Tensor, weights: Tensor) -> Tensor:
    """Sums of k table rows each, with weights: rows (R, C), twice (M, k) -> (M, C)."""
    return F.embedding_bag(index, rows, per_sample_weights=weights.to(rows.dtype), mode="sum")


def numbered(index: Tensor, size: int, missing: int = 0) -> Tensor:
    """int32 (size,): at the places `index` (M,) the numbers 0 to M - 1, elsewhere `missing`."""
    numbers = torch.arange(len(index), dtype=torch.int, device=index.device)
    return numbers.new_full((size,), missing).index_copy_(0, index, numbers)


class Windows(NamedTuple):
    """k x k neighbourhoods of M positions: table rows, int32, and weights, both (M, k^2).

    A weight is 1, or 0 where the neighbour lies outside; its row is the position's own, or any.
    """

    rows: Tensor
    weights: Tensor

    def at(self, index: Tensor) -> Windows:
        """Those of some positions, whose table rows are given: (M',)."""
        return Windows(*(t.index_select(0, index) for t in self))

    def among(self, held: Tensor, total: int) -> Windows:
        """The same windows in a table that holds the rows `held` (M',) only, of `total` ones."""
        numbers = numbered(held, total, missing=-1)
        places = numbers.index_select(0, self.rows.flatten()).view(self.rows.shape)
        return Windows(places.clamp(min=0), self.weights * (places >= 0))


@lru_cache(maxsize=64)
def all_windows(sizes: Sizes, size: int, dtype: torch.dtype, device: torch.device) -> Windows:
    """The windows of all positions, which begin one pixel above and left of them.

    Of size 3 they are the neighbourhoods, of size 4 what 2x2 tiles read that begin at the
    positions. Kept: on small levels they take longer than their use.
    """
    shift = torch.arange(-1, size - 1)
    found: list[tuple[Tensor, Tensor]] = []
    first = 0
    for n, h, w in sizes:
        y, x = torch.arange(h)[:, None] + shift, torch.arange(w)[:, None] + shift
        inside = ((y >= 0) & (y < h))[:, None, :, None] & ((x >= 0) & (x < w))[:, None]
        image = first + h * w * torch.arange(n).view(-1, 1, 1, 1, 1)
        rows = image + w * y[:, None, :, None] + x[:, None]
        rows = torch.where(inside, rows, rows[..., 1:2, 1:2])
        found.append((rows.int(), inside.expand(rows.shape).to(dtype)))
        first += n * h * w
    rows, weights = (
        torch.cat([t.reshape(-1, size**2) for t in parts]) for parts in zip(*found, strict=True)
    )
    return Windows(rows.to(device), weights.to(device))


@lru_cache(maxsize=64)
def neighbour_columns(sizes: Sizes, dtype: torch.dtype, device: torch.device) -> Windows:
    """Of every position its i-th neighbour in column i, as a flat index in (R, 9)."""
    rows, weights = all_windows(sizes, 3, dtype, device)
    return Windows(9 * rows + torch.arange(9, dtype=torch.int, device=device), weights)


def largest_around(values: Table) -> Table:
    """Of one column the largest value in each position's neighbourhood."""
    # Outside of the levels windows have the position's own row, which changes no maximum.
    rows = all_windows(values.sizes, 3, values.rows.dtype, values.rows.device).rows
    around = values.rows.flatten().index_select(0, rows.flatten()).view(-1, 9)
    return values.like(around.amax(1, keepdim=True))


@lru_cache(maxsize=64)
def tile_starts(sizes: Sizes, device: torch.device) -> tuple[Tensor, Tensor]:
    """Of every position the table row that its 2x2 tile begins at, its row-major place there."""
    starts: list[Tensor] = []
    places: list[Tensor] = []
    first = 0
    for n, h, w in sizes:
        index = torch.arange(n * h * w, device=device)
        down, right = index // w % h % 2, index % w % 2
        starts.append(first + index - down * w - right)
        places.append(2 * down + right)
        first += n * h * w
    return torch.cat(starts), torch.cat(places)


def tiles_of(index: Tensor, sizes: Sizes) -> tuple[Tensor, Tensor, Tensor]:
    """The 2x2 tiles that positions with table rows `index` (M,) lie in.

    Returns the table rows that tiles begin at (T,), each position's tile (M,) and its row-major
    place there (M,).
    """
    start, place = (t.index_select(0, index) for t in tile_starts(sizes, index.device))
    used = torch.zeros(sum(lengths(sizes)), dtype=torch.bool, device=index.device)
    starts = positions(used.index_fill_(0, start, True))
    return starts, numbered(starts, len(used)).index_select(0, start), place
