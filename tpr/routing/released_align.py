"""Alignment of a frame pair as the authors' released code does it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tpr.routing.cpr import GatedBottleneck
from tpr.routing.gates import GateUse
from tpr.routing.norm import group_norm
from tpr.routing.sampling import DeformConv
from tpr.routing.start import start_bias


def modulated(conv: DeformConv, x: Tensor, field: Tensor) -> Tensor:
    """DCN v2. field: (N, 3 k^2, H, W), (dy, dx) of every tap and then every tap's mask logit."""
    taps = field.shape[1] // 3
    return conv(x, field[:, : 2 * taps], field[:, 2 * taps :].sigmoid())


class ModulatedConv(nn.Module):
    """Modulated deformable convolution that computes its own offsets and masks."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.offset = nn.Conv2d(in_channels, 3 * kernel**2, kernel, padding=kernel // 2)
        self.conv = DeformConv(in_channels, out_channels, kernel)
        nn.init.normal_(self.offset.weight, std=0.01)
        start_bias(self.offset)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C_out, H, W)."""
        return modulated(self.conv, x, self.offset(x))


class ReleasedAlign(nn.Module):
    """Aligns a level of the reference pyramid with the query's and merges the two.

    Unlike the paper's DACR: offsets from two convolutions, modulated sampling (DCN v2), fusion
    first and two gated bottlenecks after it, and an outer gate that reads both sampled features.
    Weights are shared over the levels. The 3x3 `unused_fusion` is in the release's state dict and
    parameter count, but nothing calls it; without it the module computes the same.

    identity_init starts as DACR's does: the sampled features are copies, their fusion is the mean
    of both frames, offsets and residuals are 0. It spares pretrained features on short schedules.
    """

    def __init__(
        self,
        channels: int,
        *,
        norm: str = "position",
        unused_fusion: bool = True,
        identity_init: bool = False,
    ) -> None:
        super().__init__()
        residual = 0.0 if identity_init else 1.0
        self.offset = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 3, padding=1, bias=False),
            group_norm(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * 27, 3, padding=1, bias=False),
        )
        self.sample_reference = DeformConv(channels, channels)
        self.sample_query = DeformConv(channels, channels)
        self.merge = ModulatedConv(2 * channels, channels, 1)
        self.bottlenecks = nn.ModuleList(
            GatedBottleneck(channels, residual, norm) for _ in range(2)
        )
        self.outer_gate = nn.Conv2d(2 * channels, 1, 1)
        self.unused_fusion = ModulatedConv(2 * channels, channels, 3) if unused_fusion else None
        self.reset_parameters()
        if identity_init:
            self.start_as_mean(channels)

    def start_as_mean(self, channels: int) -> None:
        """Masks start at 0.5, which the kernels make up for."""
        fields = self.offset[-1], self.merge.offset
        for field in fields:
            assert isinstance(field, nn.Conv2d)
            nn.init.zeros_(field.weight)
        for sample in (self.sample_reference, self.sample_query):
            nn.init.dirac_(sample.weight)
            sample.weight.data.mul_(2)
        eye = torch.eye(channels)
        self.merge.conv.weight.data.copy_(torch.cat([eye, eye], 1)[..., None, None])

    def reset_parameters(self) -> None:
        for layer in self.offset:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(self.outer_gate.weight)
        start_bias(self.outer_gate, 1.0)

    def sample(self, query: Tensor, reference: Tensor) -> Tensor:
        """Both frames' sampled features, the reference's first: (N, 2C, H, W)."""
        field_r, field_q = self.offset(torch.cat([reference, query], 1)).chunk(2, 1)
        y_r = modulated(self.sample_reference, reference, field_r)
        y_q = modulated(self.sample_query, query, field_q)
        return torch.cat([y_r, y_q], 1)

    def forward(self, query: Tensor, reference: Tensor, level: str) -> tuple[Tensor, list[GateUse]]:
        """query, reference (N, C, H, W) -> refined query (N, C, H, W) and the gates used."""
        pair = self.sample(query, reference)
        merged, uses = self.merge(pair), list[GateUse]()
        for i, bottleneck in enumerate(self.bottlenecks):
            merged, use = bottleneck(merged, f"align.{i}", level)
            uses.append(use)
        keep = torch.sigmoid(self.outer_gate(pair))
        return keep * query + (1 - keep) * merged, uses
