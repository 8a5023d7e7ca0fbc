"""Bilinear resampling between the levels of a pyramid, of whole maps and of chosen positions."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from tpr.routing.tables import Sizes, Table, lengths, numbered, positions, weighted_sums


def resize(x: Tensor, size: torch.Size) -> Tensor:
    """Bilinear resampling to `size` (H, W) with aligned corners, between the levels of a cell."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


def add_resized(z: Table, step: int, sent: Tensor, here: Tensor) -> None:
    """Adds to every level, in place, what the level `step` further along sends, as `resize` does.

    step: 1 or -1; sent: (M, C) at the positions `here` (M,), elsewhere 0: rows in the table of the
    levels that send, which are all but the first or the last one.
    """
    senders = z.sizes[1:] if step > 0 else z.sizes[:-1]
    rows, weights = sources(z.sizes, step, z.rows.dtype, z.rows.device)
    # One more than there are: what a level without such a neighbour reads.
    places = numbered(here, sum(lengths(senders)) + 1, missing=len(here))
    read = places.index_select(0, rows.flatten()).view(-1, 4)
    reached = positions((read < len(here)).any(1))
    read, weights = (t.index_select(0, reached) for t in (read, weights))
    with_nothing = F.pad(sent, (0, 0, 0, 1))
    z.rows.index_add_(0, reached, weighted_sums(with_nothing, read, weights).to(z.rows.dtype))


@lru_cache(maxsize=64)
def sources(
    sizes: Sizes, step: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """What `resize` of the level `step` further reads at every position: rows, weights (R, 4).

    Rows in the table of the levels that send, see `add_resized`; where there is no such level, the
    one behind its last row, with weight 0.
    """
    first, last = (1, len(sizes)) if step > 0 else (0, len(sizes) - 1)
    nothing = sum(lengths(sizes[first:last]))
    found: list[tuple[Tensor, Tensor]] = []
    for i, (n, height, width) in enumerate(sizes):
        sender = i + step
        if first <= sender < last:
            rows, weights = bilinear(sizes[sender][1:], (height, width), dtype)
            images = lengths(sizes)[sender] // n * torch.arange(n).view(-1, 1, 1)
            rows = sum(lengths(sizes[first:sender])) + images + rows
            found.append((rows.flatten(0, 1), weights.repeat(n, 1)))
        else:
            shape = n * height * width, 4
            found.append((torch.full(shape, nothing), torch.zeros(shape, dtype=dtype)))
    rows, weights = (torch.cat(parts).to(device) for parts in zip(*found, strict=True))
    return rows, weights


def bilinear(
    source: tuple[int, int], target: tuple[int, int], dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Of every target position, row-major, four source positions and their weights: (H W, 4)."""
    (rows, row_weights), (columns, column_weights) = (
        linear(*both, dtype) for both in zip(source, target, strict=True)
    )
    index = rows[:, None, :, None] * source[1] + columns[:, None]
    weights = row_weights[:, None, :, None] * column_weights[:, None]
    return index.view(-1, 4), weights.view(-1, 4)


def linear(source: int, target: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Along one axis the two source pixels of every target pixel and their weights: (target, 2)."""
    exact = torch.promote_types(dtype, torch.float32)  # half precision cannot tell pixels apart
    place = torch.arange(target, dtype=exact) * ((source - 1) / max(target - 1, 1))
    low = place.long().clamp(max=source - 1)
    after = place - low
    near = torch.stack([low, (low + 1).clamp(max=source - 1)], 1)
    return near, torch.stack([1 - after, after], 1).to(dtype)
