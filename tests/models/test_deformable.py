"""ResNet blocks with a deformable 3x3 convolution."""

import pytest
import torch
from detectron2.modeling.backbone.resnet import BasicBlock, BottleneckBlock

from tpr.models.backbone import build_resnet
from tpr.models.deformable import DeformBasicBlock, DeformBottleneckBlock

OPEN = 30.0  # a logit whose sigmoid is 1 in float32


def pair(kind, deformable, stride, **options):
    """A plain block and a deformable one with the same weights and fully open modulation."""
    torch.manual_seed(0)
    blocks = [k(6, 8, stride=stride, norm="BN", **options) for k in (kind, deformable)]
    wrong = blocks[1].load_state_dict(blocks[0].state_dict(), strict=False)
    assert wrong.missing_keys == ["conv2_offset.weight", "conv2_offset.bias"]
    assert not wrong.unexpected_keys
    blocks[1].conv2_offset.bias.data[18:] = OPEN
    return blocks


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize(
    ("kind", "deformable", "options"),
    [
        (BasicBlock, DeformBasicBlock, {}),
        (
            BottleneckBlock,
            DeformBottleneckBlock,
            {"bottleneck_channels": 4, "stride_in_1x1": True},
        ),
        (
            BottleneckBlock,
            DeformBottleneckBlock,
            {"bottleneck_channels": 4, "stride_in_1x1": False},
        ),
    ],
)
def test_without_offsets_it_is_the_plain_block(kind, deformable, options, stride):
    plain, ours = pair(kind, deformable, stride, **options)
    x = torch.randn(2, 6, 7, 5)
    torch.testing.assert_close(ours(x), plain(x))


def test_offsets_are_rows_then_columns():
    """All taps one row down: the convolution of the features moved one row up."""
    plain, ours = (block.eval() for block in pair(BasicBlock, DeformBasicBlock, 1))
    ours.conv2_offset.bias.data[0:18:2] = 1.0
    inner = torch.relu(plain.conv1(x := torch.randn(1, 6, 6, 5)))
    moved = torch.nn.functional.pad(inner[:, :, 1:], (0, 0, 0, 1))
    expected = torch.relu(plain.conv2(moved) + plain.shortcut(x))
    torch.testing.assert_close(ours(x)[:, :, 1:], expected[:, :, 1:])


def test_every_third_block_from_res3_on_is_deformable():
    """AdelaiDet's R_101_dcni3; counted on a narrow network of R101's depths."""
    resnet = build_resnet(
        [3, 4, 23, 3], stem_channels=4, res2_channels=8, norm="BN", deform_interval=3
    )
    blocks = {n for n, m in resnet.named_modules() if isinstance(m, DeformBottleneckBlock)}
    expected = {f"res4.{i}" for i in range(0, 23, 3)} | {"res3.0", "res3.3", "res5.0"}
    assert blocks == expected
