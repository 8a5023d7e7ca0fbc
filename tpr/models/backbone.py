"""detectron2's ResNet-FPN and the pyramids of the methods on it, at the paper's size or narrow."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from detectron2.modeling.backbone import FPN, ResNet
from detectron2.modeling.backbone.fpn import LastLevelMaxPool, LastLevelP6P7
from detectron2.modeling.backbone.resnet import BasicBlock, BasicStem, BottleneckBlock
from torch import Tensor, nn

from tpr.models.deformable import DeformBasicBlock, DeformBottleneckBlock

STAGES = ("res2", "res3", "res4", "res5")
# plain and deformable
BLOCKS = {
    "bottleneck": (BottleneckBlock, DeformBottleneckBlock),
    "basic": (BasicBlock, DeformBasicBlock),
}


def build_resnet(
    depths: Sequence[int],
    *,
    block: str = "bottleneck",
    stem_channels: int = 64,
    res2_channels: int = 256,
    norm: str = "FrozenBN",
    stride_in_1x1: bool = True,
    deform_interval: int | None = None,
) -> ResNet:
    """ResNet with `depths` blocks in res2..res5; channels double from stage to stage.

    block: "bottleneck" (as R50 and R101: a quarter of the width inside) or "basic" (two 3x3
    convolutions). stride_in_1x1: where bottlenecks have their stride, in the first convolution as
    in the original weights, or in the second, as in torchvision's. deform_interval: makes every so
    many blocks of res3..res5 deformable, from each stage's first (3 in AdelaiDet's R_101_dcni3).
    """
    if block not in BLOCKS:
        raise ValueError(f"unknown block {block!r}: use 'bottleneck' or 'basic'")
    stages, in_channels = [], stem_channels
    for i, depth in enumerate(depths):
        out_channels = res2_channels * 2**i
        options = {"out_channels": out_channels, "norm": norm}
        if block == "bottleneck":
            options |= {"bottleneck_channels": out_channels // 4, "stride_in_1x1": stride_in_1x1}
        stage = []
        for j in range(depth):
            deformable = bool(deform_interval) and i > 0 and j % deform_interval == 0
            stride = 2 if i > 0 and j == 0 else 1
            stage.append(BLOCKS[block][deformable](in_channels, stride=stride, **options))
            in_channels = out_channels
        stages.append(stage)
    stem = BasicStem(3, stem_channels, norm)
    return ResNet(stem, stages, out_features=list(STAGES[: len(depths)]))


class YolactTop(LastLevelP6P7):
    """P6 and P7 by convolutions of stride 2, one on the other, without an activation."""

    def forward(self, c5: Tensor) -> list[Tensor]:
        p6 = self.p6(c5)
        return [p6, self.p7(p6)]


class YolactFPN(FPN):
    """YOLACT's pyramid: bilinear top-down path, P3..P5 after a ReLU, P6 and P7 from P5."""

    def __init__(self, resnet: ResNet, channels: int) -> None:
        top = YolactTop(channels, channels, in_feature="p5")
        super().__init__(resnet, list(STAGES[1:]), channels, top_block=top)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) -> p3..p7 of (N, C, H_l, W_l)."""
        stages = self.bottom_up(x)
        finer: list[Tensor] = []
        y = None
        for stage, lateral, output in zip(
            reversed(self.in_features), self.lateral_convs, self.output_convs, strict=True
        ):
            above, y = y, lateral(stages[stage])
            if above is not None:
                y = y + F.interpolate(above, y.shape[-2:], mode="bilinear", align_corners=False)
            finer.insert(0, torch.relu(output(y)))
        assert self.top_block is not None
        return dict(zip(self._out_features, finer + self.top_block(finer[-1]), strict=True))


def build_pyramid(resnet: ResNet, channels: int, kind: str, p6_from: str) -> FPN:
    """kind: "p3-p7", with `p6_from`; "p2-p6" as Mask R-CNN's, P6 being every second position of
    P5; or "yolact" (P3..P7, see YolactFPN)."""
    if kind == "p3-p7":
        width = resnet.output_shape()["res5"].channels if p6_from == "res5" else channels
        top = LastLevelP6P7(width, channels, in_feature=p6_from)
        return FPN(resnet, list(STAGES[1:]), channels, top_block=top)
    if kind == "p2-p6":
        return FPN(resnet, list(STAGES), channels, top_block=LastLevelMaxPool())
    if kind == "yolact":
        return YolactFPN(resnet, channels)
    raise ValueError(f"unknown pyramid {kind!r}: use 'p3-p7', 'p2-p6' or 'yolact'")


class PyramidBackbone(nn.Module):
    """Images (N, 3, H, W), normalised -> pyramid; H and W must be multiples of 32.

    pyramid: its kind, see `build_pyramid`; p6_from: of P3..P7, "res5" as in the TPR release and the
    published parameter counts, or "p5" as AdelaiDet. `levels`: the names of its levels, fine to
    coarse.

    relu: applies ReLU to the pyramid. CPR's cells end in a ReLU, so features that are already
    non-negative let them start as the identity; short schedules (profile `mini`) need that.
    """

    size_divisibility = 32

    def __init__(
        self,
        resnet: ResNet,
        channels: int,
        *,
        pyramid: str = "p3-p7",
        p6_from: str = "res5",
        relu: bool = False,
    ) -> None:
        super().__init__()
        self.fpn = build_pyramid(resnet, channels, pyramid, p6_from)
        self.levels = tuple(self.fpn.output_shape())
        self.channels = channels
        self.relu = relu

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """(N, 3, H, W) -> features (N, C, H_l, W_l) of each level."""
        pyramid = self.fpn(images)
        return {k: torch.relu(x) for k, x in pyramid.items()} if self.relu else pyramid
