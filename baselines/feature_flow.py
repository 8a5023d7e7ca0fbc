"""Feature-flow warp, YolactEdge's FeatFlowNet [40], a row of Table 1(d).

The original (YolactEdge, Sec. 3.2; public code: FlowNetMini) predicts flow from features that the
detector has anyway instead of pixels: the C3 lateral features of both frames, reduced to 64
channels by one shared 3x3 convolution and concatenated, pass an encoder of three stages (two 3x3
convolutions each, LeakyReLU 0.1; 64, 128 and 256 channels at strides 8, 16 and 32). A decoder
predicts, from coarse to fine, a flow, a scale and a bias per channel; the coarser flow and
features are upsampled into the finer stage. Flow is in units of a sixteenth of the map's size. A
warped level is scale * warp(P_l) + bias, of the top-down sums before the pyramid's last 3x3
convolutions. P6 and P7 are computed from P5 by 3x3 convolutions with stride 2. There the warped
levels replace those of a non-key frame, whose own P4 and P5 are never computed, and the flow
network is trained on Flying Chairs first.

Adapted: a temporal module sees finished pyramids only, so P3 takes the lateral features' place and
the levels are warped as they are; P3, P4 and P5 are all warped (the code can; its default computes
P3 from its own lateral); the query's pyramid is there, so the warped one is merged with it as in
the other rows; the flow network starts untrained and learns with the task.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tpr.models.selection import constant
from tpr.routing import Frame, Pyramid
from tpr.routing.start import start_bias
from tpr.routing.warp import warp

FLOW_UNITS = 16.0


def leaky_convs(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """Two 3x3 convolutions, the first with `stride`."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1),
        nn.LeakyReLU(0.1),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.LeakyReLU(0.1),
    )


class Prediction(nn.Module):
    """Flow (N, 2, H, W), scale and bias (N, C, H, W) from a decoder's features.

    identity_init: starts with no flow, scale 1 and bias 0. The layer that predicts flow is called
    `offset` because a training's `lr_scales` finds the layers that say where to sample by this
    name, and checkpoints hold it.
    """

    def __init__(self, inputs: int, channels: int, identity_init: bool) -> None:
        super().__init__()
        self.offset = nn.Conv2d(inputs, 2, 3, padding=1, bias=False)
        self.scale = nn.Conv2d(inputs, channels, 1)
        self.bias = nn.Conv2d(inputs, channels, 1)
        for conv in (self.offset, self.scale, self.bias):
            if identity_init:
                nn.init.zeros_(conv.weight)
            else:
                nn.init.kaiming_normal_(conv.weight)
        start_bias(self.scale, 1.0)
        start_bias(self.bias)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.offset(x), self.scale(x), self.bias(x)


class UpStage(nn.Module):
    """A finer stage's features with the coarser stage's features and flow upsampled to them."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.features = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.flow = nn.Conv2d(2, 2, 3, padding=1, bias=False)

    def forward(self, finer: Tensor, coarser: Tensor, flow: Tensor) -> Tensor:
        size = finer.shape[-2:]
        features = self.features(upsample(coarser, size))
        return torch.cat([finer, features, self.flow(upsample(flow, size))], 1)


def upsample(x: Tensor, size: torch.Size) -> Tensor:
    return nn.functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


class FeatureFlowWarp(nn.Module):
    """The reference's pyramid as FeatFlowNet would predict it for the query frame.

    width: 64 in the original, for 256 channels. identity_init: P3..P5 start unchanged, P6 and P7
    at 0, which after merging leaves 0.866 of the query's.
    `motion`: the flow of the latest call by level, (N, 2, H, W) as (dx, dy) in the level's pixels.
    """

    levels = ("p3", "p4", "p5")

    def __init__(self, channels: int, *, width: int = 64, identity_init: bool = False) -> None:
        super().__init__()
        self.reduce = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.1))
        self.encoder = nn.ModuleList(
            leaky_convs(inputs * width, outputs * width, stride)
            for inputs, outputs, stride in ((2, 1, 1), (1, 2, 2), (2, 4, 2))
        )
        sizes = [2 * width + 2, 4 * width + 2, 4 * width]
        self.up = nn.ModuleList([UpStage(sizes[1], width), UpStage(sizes[2], 2 * width)])
        self.predict = nn.ModuleList(Prediction(n, channels, identity_init) for n in sizes)
        self.down = nn.ModuleList(
            nn.Conv2d(channels, channels, 3, stride=2, padding=1) for _ in range(2)
        )
        self.motion: Pyramid = {}
        self.reset_parameters(identity_init)

    def reset_parameters(self, identity: bool) -> None:
        for module in self.encoder.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, 0.1)
                start_bias(module)
        for parameter in self.down.parameters() if identity else ():
            nn.init.zeros_(parameter)

    def predictions(self, query: Tensor, reference: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """(flow in FLOW_UNITS, scale, bias) for P3, P4 and P5 from both frames' P3 (N, C, H, W)."""
        encoded = [torch.cat([self.reduce(query), self.reduce(reference)], 1)]
        for stage in self.encoder:
            encoded.append(stage(encoded[-1]))
        features = encoded.pop()
        found = [self.predict[2](features)]
        for i in (1, 0):
            features = self.up[i](encoded[i + 1], features, found[0][0])
            found.insert(0, self.predict[i](features))
        return found

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the reference's, aligned to the query."""
        self.motion, out = {}, dict(reference.pyramid)
        found = self.predictions(query.pyramid["p3"], reference.pyramid["p3"])
        for name, (flow, scale, bias) in zip(self.levels, found, strict=True):
            h, w = flow.shape[-2:]
            unit = constant((w / FLOW_UNITS, h / FLOW_UNITS), flow.device, flow.dtype)
            pixels = flow * unit.view(2, 1, 1)
            self.motion[name] = pixels.detach()
            out[name] = scale * warp(reference.pyramid[name], pixels) + bias
        out["p6"] = self.down[0](out["p5"])
        out["p7"] = self.down[1](out["p6"])
        return out
