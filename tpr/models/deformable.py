"""ResNet blocks whose 3x3 convolution is deformable (DCN v2), with detectron2's parameter names.

detectron2's own DeformBottleneckBlock needs its compiled extension; it has no basic block.
"""

from __future__ import annotations

from typing import Any

import fvcore.nn.weight_init as weight_init
import torch.nn.functional as F
from detectron2.layers import get_norm
from detectron2.modeling.backbone.resnet import BasicBlock, BottleneckBlock
from torch import Tensor, nn

from tpr.routing.sampling import DeformConv

TAPS = 9


class NormedDeformConv(DeformConv):
    """Modulated deformable 3x3 convolution and its norm."""

    def __init__(self, channels: int, out_channels: int, stride: int, norm: str) -> None:
        super().__init__(channels, out_channels, stride=stride)
        self.norm = get_norm(norm, out_channels)
        weight_init.c2_msra_fill(self)

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """As DeformConv's."""
        return self.norm(super().forward(x, offset, mask))  # pyright: ignore[reportOptionalCall]: it has one


def deform_conv2(block: BasicBlock | BottleneckBlock, norm: str) -> None:
    """Makes the block's `conv2` deformable. Offsets start at 0 and modulation at 1/2."""
    conv = block.conv2
    stride = conv.stride[0]
    # detectron2 has a Conv2d there
    block.conv2 = NormedDeformConv(  # pyright: ignore[reportAttributeAccessIssue]
        conv.in_channels, conv.out_channels, stride, norm
    )
    block.conv2_offset = nn.Conv2d(conv.in_channels, 3 * TAPS, 3, stride, padding=1)
    nn.init.zeros_(block.conv2_offset.weight)
    nn.init.zeros_(block.conv2_offset.bias)  # pyright: ignore[reportArgumentType]: it has one


def deformed(block: BasicBlock | BottleneckBlock, x: Tensor) -> Tensor:
    """conv2 at the offsets that conv2_offset predicts: (N, C, H, W) -> (N, C', H', W')."""
    predicted = block.conv2_offset(x)  # pyright: ignore[reportCallIssue]: of `deform_conv2`
    return block.conv2(x, predicted[:, : 2 * TAPS], predicted[:, 2 * TAPS :].sigmoid())


class DeformBottleneckBlock(BottleneckBlock):
    """BottleneckBlock with a deformable conv2."""

    def __init__(self, in_channels: int, out_channels: int, *, norm: str, **options: Any) -> None:
        super().__init__(in_channels, out_channels, norm=norm, **options)
        deform_conv2(self, norm)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        shortcut = x if self.shortcut is None else self.shortcut(x)
        inner = F.relu(deformed(self, F.relu(self.conv1(x))))
        return F.relu(self.conv3(inner) + shortcut)


class DeformBasicBlock(BasicBlock):
    """BasicBlock with a deformable conv2, for narrow networks."""

    def __init__(self, in_channels: int, out_channels: int, *, norm: str, **options: Any) -> None:
        super().__init__(in_channels, out_channels, norm=norm, **options)
        deform_conv2(self, norm)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C', H', W')."""
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return F.relu(deformed(self, F.relu(self.conv1(x))) + shortcut)
