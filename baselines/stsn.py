"""Spatiotemporal sampling network, STSN [5], a row of Table 1(d).

The original (ECCV 2018, Sec. 3; no public code) works on one stride-16 feature map of a detector.
Of a reference frame t and a supporting frame t + k (k = 0 included) it concatenates the features
and passes them through four 3x3 deformable convolutions, each with offsets predicted by a 3x3
convolution from its input. The first three only serve to find the offsets of the fourth, which
sample the supporting frame's own features: g_{t,t+k}. Every supporting frame is weighted in each
pixel by exp(cos(S(g_{t,t}), S(g_{t,t+k}))), normalised over the frames; S is Conv1x1 (C/2), Conv3x3
(C/2), Conv1x1 (2C), as in FGFA's public code with ReLUs in between.

Adapted: the supporting frames are the query itself and the one reference frame; applied to
every level of P3..P7 with shared weights; the three inner deformable convolutions end in a ReLU
(the paper names no non-linearity, and without one they are linear in the features they sample).
"share" is ours: see `STSN`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.merge import MERGED_SHARE
from baselines.motion import mean_offset
from tpr.routing import GateUse
from tpr.routing.sampling import DeformConv

STACKED = 4


class STSN(nn.Module):
    """Y = X_q + share (w_q g_q + w_r g_r - X_q): g sampled from each frame, w their cosine weights.

    It takes DACR's place in `TemporalPyramidRouting`. share is one learned number. It starts at 1,
    which is the original: the aggregate replaces the query's features. identity_init lets it
    start at 0.269, as much as DACR's outer gate lets through, and the last sampling as a copy.

    Of the latest call, by level: `motion`, where the reference was sampled, (N, 2, H, W) as (dx,
    dy) in pixels, and `weights`, the reference's weight w_r, (N, 1, H, W).
    """

    def __init__(self, channels: int, *, identity_init: bool = False) -> None:
        super().__init__()
        inputs = [2 * channels] + [channels] * (STACKED - 1)
        offsets = [nn.Conv2d(c, 18, 3, padding=1, bias=False) for c in inputs]
        self.offset = nn.ModuleList(offsets)
        self.inner = nn.ModuleList(DeformConv(c, channels) for c in inputs[:-1])
        self.sample = DeformConv(channels, channels)
        self.embed = nn.Sequential(
            nn.Conv2d(channels, channels // 2, 1),
            nn.ReLU(),
            nn.Conv2d(channels // 2, channels // 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(channels // 2, 2 * channels, 1),
        )
        self.share = nn.Parameter(torch.tensor(MERGED_SHARE if identity_init else 1.0))
        self.motion: dict[str, Tensor] = {}
        self.weights: dict[str, Tensor] = {}
        for conv in offsets:
            nn.init.normal_(conv.weight, std=0.01)
        if identity_init:
            nn.init.zeros_(offsets[-1].weight)
            nn.init.dirac_(self.sample.weight)

    def sampled(self, query: Tensor, support: Tensor) -> tuple[Tensor, Tensor]:
        """g of the supporting frame, (N, C, H, W), and the offsets it was sampled at."""
        hidden = torch.cat([query, support], 1)
        for offset, conv in zip(self.offset[:-1], self.inner, strict=True):
            hidden = torch.relu(conv(hidden, offset(hidden)))
        field = self.offset[-1](hidden)
        return self.sample(support, field), field

    def forward(self, query: Tensor, reference: Tensor, level: str) -> tuple[Tensor, list[GateUse]]:
        """query, reference (N, C, H, W) -> refined query (N, C, H, W) and no gates."""
        own, _ = self.sampled(query, query)
        other, field = self.sampled(query, reference)
        weight = self.reference_weight(own, other)
        self.motion[level], self.weights[level] = mean_offset(field), weight.detach()
        aggregate = (1 - weight) * own + weight * other
        return query + self.share * (aggregate - query), []

    def reference_weight(self, own: Tensor, other: Tensor) -> Tensor:
        """Softmax over {1, cos(S(g_q), S(g_r))}, its second part: (N, 1, H, W) in (0, 0.5]."""
        cosine = F.cosine_similarity(self.embed(own), self.embed(other), 1)[:, None]
        return torch.sigmoid(cosine - 1)
