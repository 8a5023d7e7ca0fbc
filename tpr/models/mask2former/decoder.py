"""Queries that look for objects: Mask2Former's decoder over three levels of the pyramid."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tpr.models.mask2former.attention import DecoderLayer, outside, sine_positions

LEVELS = ("p5", "p4", "p3")  # a layer each, over and over


class Prediction(NamedTuple):
    """logits (N, Q, K + 1), no object last; masks (N, Q, h, w): logits."""

    logits: Tensor
    masks: Tensor


class QueryDecoder(nn.Module):
    """Learned queries, their class and mask before the first layer and after each.

    width: of queries; channels: of the pyramid; heads: of attention.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        queries: int,
        width: int,
        layers: int,
        heads: int,
        feedforward: int,
    ) -> None:
        super().__init__()
        self.queries, self.places = nn.Embedding(queries, width), nn.Embedding(queries, width)
        self.levels = nn.Embedding(len(LEVELS), width)
        self.inputs = nn.ModuleList(nn.Conv2d(channels, width, 1) for _ in LEVELS)
        self.layers = nn.ModuleList(DecoderLayer(width, heads, feedforward) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.classes = nn.Linear(width, num_classes + 1)
        self.mask_weights = nn.Sequential(
            *(nn.Linear(width, width), nn.ReLU()),
            *(nn.Linear(width, width), nn.ReLU()),
            nn.Linear(width, width),
        )
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)

    def forward(
        self, pyramid: dict[str, Tensor], pixels: Tensor
    ) -> tuple[list[Prediction], Tensor]:
        """Levels (N, C_l, H_l, W_l) and features of the pixels (N, C, h, w) -> the prediction
        before the first layer and after each, and the queries' embeddings (N, Q, C)."""
        memories = [self._memory(pyramid[name], i) for i, name in enumerate(LEVELS)]
        queries = self.queries.weight.expand(len(pixels), -1, -1)
        found = [self._predict(queries, pixels)]
        for i, layer in enumerate(self.layers):
            memory, keys, size = memories[i % len(LEVELS)]
            blocked = outside(found[-1].masks.detach(), size)
            queries = layer(queries, self.places.weight, memory, keys, blocked)
            found.append(self._predict(queries, pixels))
        return found, self.norm(queries)

    def _memory(self, level: Tensor, number: int) -> tuple[Tensor, Tensor, tuple[int, int]]:
        """A level's cells (N, M, C), the same with their positions, its size."""
        size = (level.shape[-2], level.shape[-1])
        memory = self.inputs[number](level).flatten(2).transpose(1, 2) + self.levels.weight[number]
        positions = sine_positions(size, memory.shape[2], memory.device)
        return memory, memory + positions.to(memory.dtype), size

    def _predict(self, queries: Tensor, pixels: Tensor) -> Prediction:
        normed = self.norm(queries)
        masks = torch.einsum("nqc,nchw->nqhw", self.mask_weights(normed), pixels)
        return Prediction(self.classes(normed), masks)
