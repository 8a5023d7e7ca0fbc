"""detectron2's ResNet-FPN with the levels P3..P7, at the paper's size or narrow."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from detectron2.modeling.backbone import FPN, ResNet
from detectron2.modeling.backbone.fpn import LastLevelP6P7
from detectron2.modeling.backbone.resnet import BasicBlock, BasicStem, BottleneckBlock
from torch import Tensor, nn

STAGES = ("res2", "res3", "res4", "res5")


def build_resnet(
    depths: Sequence[int],
    *,
    block: str = "bottleneck",
    stem_channels: int = 64,
    res2_channels: int = 256,
    norm: str = "FrozenBN",
) -> ResNet:
    """ResNet with `depths` blocks in res2..res5; channels double from stage to stage.

    block: "bottleneck" (as R50 and R101: a quarter of the width inside, stride in the 1x1
    convolution, as in the original weights) or "basic" (two 3x3 convolutions).
    """
    if block not in ("bottleneck", "basic"):
        raise ValueError(f"unknown block {block!r}: use 'bottleneck' or 'basic'")
    stages, in_channels = [], stem_channels
    for i, depth in enumerate(depths):
        out_channels = res2_channels * 2**i
        options = {"in_channels": in_channels, "out_channels": out_channels, "norm": norm}
        if block == "bottleneck":
            options |= {"bottleneck_channels": out_channels // 4, "stride_in_1x1": True}
        kind = BottleneckBlock if block == "bottleneck" else BasicBlock
        strides = [1 if i == 0 else 2] + [1] * (depth - 1)
        stages.append(ResNet.make_stage(kind, depth, stride_per_block=strides, **options))
        in_channels = out_channels
    stem = BasicStem(3, stem_channels, norm)
    return ResNet(stem, stages, out_features=list(STAGES[1 : len(depths)]))


class PyramidBackbone(nn.Module):
    """Images (N, 3, H, W), normalised -> pyramid p3..p7; H and W must be multiples of 32.

    p6_from: "res5" as in the TPR release and the published parameter counts, or "p5" as AdelaiDet.
    relu: applies ReLU to the pyramid. CPR's cells end in a ReLU, so features that are already
    non-negative let them start as the identity; short schedules (profile `mini`) need that.
    """

    size_divisibility = 32

    def __init__(
        self, resnet: ResNet, channels: int, *, p6_from: str = "res5", relu: bool = False
    ) -> None:
        super().__init__()
        width = resnet.output_shape()["res5"].channels if p6_from == "res5" else channels
        top = LastLevelP6P7(width, channels, in_feature=p6_from)
        self.fpn = FPN(resnet, ["res3", "res4", "res5"], channels, top_block=top)
        self.channels = channels
        self.relu = relu

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        pyramid = self.fpn(images)
        return {k: torch.relu(x) for k, x in pyramid.items()} if self.relu else pyramid
