"""Full pyramid align (Fig. 5a), a row of Table 1(c).

"Each node from reference feature pyramid is aligned to all nodes in the query feature pyramid via
DACR"; there is no routing between the scales after it. The paper does not say how a query level
takes in five aligned references, nor how levels of different size meet. Here each reference level
is resized to the query level (averaged where that is coarser, bilinear where it is finer), one DACR
with shared weights aligns each of the 25 pairs, and a level's five results are averaged.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.resize import fit
from tpr.routing import DACR, LEVELS, Frame, GateUse, Pyramid


class FullAlign(nn.Module):
    """X_l <- mean over k of DACR(X_l, R(reference X_k)), R resizing to level l.

    `gates` holds the gates of the latest call.
    """

    def __init__(self, dacr: DACR, levels: tuple[str, ...] = LEVELS) -> None:
        super().__init__()
        self.dacr, self.levels = dacr, levels
        self.gates: list[GateUse] = []

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the refined query pyramid; other levels pass through."""
        self.gates = []
        references = {name: reference.pyramid[name] for name in self.levels}
        return query.pyramid | {
            name: self.align(query.pyramid[name], references, name) for name in self.levels
        }

    def align(self, x: Tensor, references: Pyramid, level: str) -> Tensor:
        """Aligns every reference level with one query level and averages: (N, C, H, W) -> (N, C, H,
        W)."""
        aligned = []
        for name, other in references.items():
            out, uses = self.dacr(x, fit(other, x.shape[-2:]), level)
            aligned.append(out)
            self.gates += [use._replace(name=f"{name}.{use.name}") for use in uses]
        return torch.stack(aligned).mean(0)
