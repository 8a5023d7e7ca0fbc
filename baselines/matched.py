"""DACR whose offsets see a local correlation of the two frames: ours, not the paper's.

Eq. 4's offsets are one convolution of Cat(X_r, X_q). That is linear in both frames, and to find
where something went means to compare them, which is a product. Here each position of the query is
compared with all reference positions at most `radius` cells away; two small convolutions make
offsets of the similarities. All else is DACR.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing import DACR
from tpr.routing.start import start_bias


def local_correlation(query: Tensor, reference: Tensor, radius: int) -> Tensor:
    """Cosine similarities of each query position with the reference positions around it.

    query, reference: (N, C, H, W). Returns (N, (2 radius + 1)^2, H, W), one channel for each
    displacement, row by row from the upper left; 0 where the displaced position lies outside the
    reference.
    """
    query, reference = F.normalize(query, dim=1), F.normalize(reference, dim=1)
    (h, w), side = query.shape[-2:], range(2 * radius + 1)
    padded = F.pad(reference, (radius,) * 4)
    shifts = [(dy, dx) for dy in side for dx in side]
    found = [(query * padded[..., dy : dy + h, dx : dx + w]).sum(1) for dy, dx in shifts]
    return torch.stack(found, 1)


class Matching(nn.Module):
    """Predicts offsets from a local correlation by two 3x3 convolutions: (N, C, H, W) twice -> (N,
    outputs, H, W).

    The second convolution is called `offset` because a training's `lr_scales` finds the layers that
    say where to sample by this name, and checkpoints hold it. std: standard deviation of its
    weights at the start.
    """

    def __init__(self, outputs: int, *, radius: int, width: int, std: float = 0.0) -> None:
        super().__init__()
        self.radius = radius
        self.hidden = nn.Conv2d((2 * radius + 1) ** 2, width, 3, padding=1)
        self.offset = nn.Conv2d(width, outputs, 3, padding=1)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="relu")
        start_bias(self.hidden)
        nn.init.normal_(self.offset.weight, std=std)
        start_bias(self.offset)

    def forward(self, query: Tensor, reference: Tensor) -> Tensor:
        similar = local_correlation(query, reference, self.radius)
        return self.offset(torch.relu(self.hidden(similar)))


class MatchedDACR(DACR):
    """DACR whose offsets come from `Matching` instead of Eq. 4's single convolution."""

    def __init__(
        self,
        channels: int,
        *,
        radius: int = 4,
        width: int = 64,
        inner_gate: bool = True,
        outer_gate: bool = True,
        residual_init: float = 1.0,
        identity_init: bool = False,
    ) -> None:
        super().__init__(
            channels,
            sampling=False,
            inner_gate=inner_gate,
            outer_gate=outer_gate,
            residual_init=residual_init,
            identity_init=identity_init,
        )
        std = 0.0 if identity_init else 0.01  # as Eq. 4's convolution
        self.matching = Matching(36, radius=radius, width=width, std=std)

    def offsets(self, query: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
        """Offset fields O_r and O_q, (N, 18, H, W) each, in pixels of the level."""
        found = self.matching(query, reference)
        return found[:, :18], found[:, 18:]
