"""MinVIS (Huang et al., NeurIPS 2022): embeddings alone, matched by the Hungarian algorithm."""

from __future__ import annotations

import torch
from torch import Tensor

from baselines.tracking.matching import best_pairs, cosine


class MinVIS:
    """As many detections as can be go on as a remembered object, whatever their class, place and
    likeness; the rest are new. MinVIS matches as many queries in every frame, which an object that
    is not there has too; here it keeps its last embedding instead."""

    def __init__(self) -> None:
        self.known: list[Tensor] = []

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        embeddings = embeddings.cpu()
        ids = torch.full((len(embeddings),), -1, dtype=torch.long)
        if self.known and len(embeddings):
            likeness = cosine(embeddings, torch.stack(self.known))
            allowed = torch.ones_like(likeness, dtype=torch.bool)
            for row, column in best_pairs(likeness.numpy(), allowed.numpy()):
                ids[row], self.known[column] = column, embeddings[row]
        for row in (ids < 0).nonzero().flatten().tolist():
            ids[row] = len(self.known)
            self.known.append(embeddings[row])
        return ids
