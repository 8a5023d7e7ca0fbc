"""Optical-flow warp [75, 20], a row of Table 1(d).

The original (Deep Feature Flow, Sec. 3; public code) predicts flow from the current to the key
frame with FlowNetS on images of half size, resizes it to the feature map, stride 16, in the map's
pixels, warps the key frame's features bilinearly and multiplies them by a scale map, which a 1x1
convolution computes from FlowNetS's finest features (weights 0, bias 1 at the start). FlowNetS is
pretrained on flow and then fine-tuned with the task. FGFA [74], which the text names, warps alike.

Adapted to P3..P7: flow and scale map are resized to every level by averaging, the flow divided by
the level's stride; one scale map for all levels. DFF replaces the features by the warped ones; here
the query's are there and both are merged as in the other rows. The images reach this module
normalised as the model's backbone wants them, so that each pair is normalised anew.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.flownet import FlowNetS
from baselines.resize import fit
from tpr.routing import Frame, Pyramid
from tpr.routing.start import start_bias
from tpr.routing.warp import stride_of, warp

CONTRAST = 0.25  # standard deviation of the network's input, about that of images in [0, 1]


def normalised_pair(first: Tensor, second: Tensor) -> Tensor:
    """Two images (N, 3, H, W) as FlowNetS's input (N, 6, H, W).

    Each channel of a pair gets mean 0 and a standard deviation of 0.25, so any affine
    normalisation of the pixels gives the same.
    """
    both = torch.stack([first, second], 2)
    centred = both - both.mean((2, 3, 4), keepdim=True)
    spread = centred.square().mean((2, 3, 4), keepdim=True).sqrt().clamp(min=1e-6)
    return (CONTRAST * centred / spread).transpose(1, 2).flatten(1, 2)


def estimate_flow(
    network: FlowNetS, first: Tensor, second: Tensor, reduction: int
) -> tuple[list[Tensor], Tensor]:
    """FlowNetS on images (N, 3, H, W) averaged down by `reduction`.

    Returns flows in pixels of the reduced images, and the finest features.
    """
    pair = normalised_pair(first, second)
    if reduction > 1:
        pair = F.avg_pool2d(pair, reduction, ceil_mode=True)
    return network(pair)


class FlowWarp(nn.Module):
    """The reference's pyramid, warped along the optical flow and multiplied by the scale map.

    width, unit: of FlowNetS, 64 and 20 in the original; reduction: the factor by which images are
    averaged down before it, 2 there. FlowNetS is called `offset` because a training's `lr_scales`
    finds what says where to sample by this name, and checkpoints hold it. `motion`: the flow of the
    latest call by level, (N, 2, H, W) as (dx, dy) in the level's pixels.
    """

    def __init__(
        self, channels: int, *, width: int = 64, reduction: int = 2, unit: float = 20.0
    ) -> None:
        super().__init__()
        self.offset, self.reduction = FlowNetS(width, unit), reduction
        self.scale = nn.Conv2d(self.offset.features, channels, 1)
        self.motion: Pyramid = {}
        nn.init.zeros_(self.scale.weight)
        start_bias(self.scale, 1.0)

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Frames with images -> the reference's pyramid, aligned to the query."""
        first, second = query.image, reference.image
        if first is None or second is None:
            raise ValueError("optical flow needs the images of both frames")
        flows, features = estimate_flow(self.offset, first, second, self.reduction)
        flow, scale = self.reduction * flows[0], self.scale(features)
        self.motion, out = {}, {}
        for name, x in reference.pyramid.items():
            level_flow = fit(flow, x.shape[-2:]) / stride_of(name)
            self.motion[name] = level_flow.detach()
            out[name] = warp(x, level_flow) * fit(scale, x.shape[-2:])
        return out
