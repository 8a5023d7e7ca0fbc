"""DCNv2 fusion [73], a row of Table 1(d).

The original (Deformable ConvNets v2, Sec. 3.2 and the public modulated deformable convolution) is a
layer for single images: one 3x3 convolution predicts two offsets and a mask logit for each of the
nine taps, the mask goes through a sigmoid, and both start at zero, i.e. at a mask of 0.5.

The paper says no more than "w DCNv2 fusion". Here the offsets and masks come from the pair and
sample the reference, as in Eq. 4 but modulated, and a 1x1 convolution fuses it with the query:
DACR without any gate and without sampling the query. Weights are shared over P3..P7, as DACR's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from baselines.merge import Merge
from baselines.motion import mean_offset
from tpr.routing import GateUse
from tpr.routing.sampling import DeformConv
from tpr.routing.start import start_bias


class DCNv2Fusion(nn.Module):
    """Y = Conv1x1(Cat(X_q, ModulatedDeformConv3x3(X_r))); offsets and masks from Cat(X_r, X_q).

    It takes DACR's place in `TemporalPyramidRouting`. identity_init: the sampling starts as a copy
    of the reference (its kernel makes up for the masks of 0.5), the fusion as `Merge` says.
    `motion`: where the latest call sampled, by level, (N, 2, H, W) as (dx, dy) in pixels.
    """

    def __init__(self, channels: int, *, identity_init: bool = False) -> None:
        super().__init__()
        self.offset = nn.Conv2d(2 * channels, 27, 3, padding=1)
        self.sample = DeformConv(channels, channels)
        self.merge = Merge(channels, identity_init=identity_init)
        self.motion: dict[str, Tensor] = {}
        nn.init.zeros_(self.offset.weight)
        start_bias(self.offset)
        if identity_init:
            nn.init.dirac_(self.sample.weight)
            self.sample.weight.data.mul_(2)

    def forward(self, query: Tensor, reference: Tensor, level: str) -> tuple[Tensor, list[GateUse]]:
        """query, reference (N, C, H, W) -> refined query (N, C, H, W) and no gates."""
        field = self.offset(torch.cat([reference, query], 1))
        offset, mask = field[:, :18], field[:, 18:].sigmoid()
        self.motion[level] = mean_offset(offset, mask)
        return self.merge(query, self.sample(reference, offset, mask), level)
