"""Attention with masks, a decoder layer, and sine positions."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head attention, by torch's own kernel."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(
        self, query: Tensor, key: Tensor, value: Tensor, blocked: Tensor | None = None
    ) -> Tensor:
        """query (N, Q, C), key and value (N, M, C), blocked (N, Q, M): True where a query does not
        look -> (N, Q, C)."""
        parts = [self.query(query), self.key(key), self.value(value)]
        q, k, v = (x.unflatten(2, (self.heads, -1)).transpose(1, 2) for x in parts)
        seen = None if blocked is None else ~blocked[:, None]
        found = F.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return self.out(found.transpose(1, 2).flatten(2))


class DecoderLayer(nn.Module):
    """Masked attention to a level, then among the queries, then a perceptron; each is added to what
    goes in and normalised."""

    def __init__(self, width: int, heads: int, feedforward: int) -> None:
        super().__init__()
        self.cross, self.own = Attention(width, heads), Attention(width, heads)
        self.perceptron = nn.Sequential(
            nn.Linear(width, feedforward), nn.ReLU(), nn.Linear(feedforward, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(
        self, queries: Tensor, places: Tensor, memory: Tensor, keys: Tensor, blocked: Tensor
    ) -> Tensor:
        """queries (N, Q, C) and what tells them apart, places (Q, C); a level's cells, memory
        (N, M, C), with their positions, keys (N, M, C); blocked (N, Q, M) -> queries."""
        x = self.norms[0](queries + self.cross(queries + places, keys, memory, blocked))
        x = self.norms[1](x + self.own(x + places, x + places, x))
        return self.norms[2](x + self.perceptron(x))


def outside(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Where queries with mask logits (N, Q, h, w) do not look on a level of a size: (N, Q, M) bool.

    Outside of their masks; a query whose mask is empty there looks everywhere.
    """
    blocked = F.interpolate(masks, size, mode="bilinear", align_corners=False).flatten(2) < 0
    return blocked & ~blocked.all(2, keepdim=True)


def sine_positions(size: tuple[int, int], width: int, device: torch.device) -> Tensor:
    """Positions (M, C) of a level's cells, row by row: sines and cosines of the row in the first
    half, of the column in the second (DETR's, normalised to the level's size)."""
    half = width // 2
    powers = 10000 ** (2 * (torch.arange(half, device=device) // 2) / half)
    codes: list[Tensor] = []
    for side in size:
        angles = 2 * math.pi * torch.arange(1, side + 1, device=device) / side
        waves = angles[:, None] / powers
        codes.append(torch.stack([waves[:, 0::2].sin(), waves[:, 1::2].cos()], 2).flatten(1))
    rows = codes[0][:, None].expand(-1, size[1], -1)
    columns = codes[1][None].expand(size[0], -1, -1)
    return torch.cat([rows, columns], 2).flatten(0, 1)
