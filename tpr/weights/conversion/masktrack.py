"""Mask R-CNN of detectron2's model zoo, and MaskTrack R-CNN (mmdet 0.6), for the same model.

MaskTrack R-CNN's ResNet has its strides in the 3x3 convolutions (`stride_in_1x1: false`), and its
boxes and pooling follow mmdet's older convention, where a box includes its last pixel.
"""

import torch
from torch import Tensor

from tpr.weights.conversion import mmdet
from tpr.weights.conversion.rules import CLASS_COUNT, FROZEN_COUNTER, Pixels, Rule, Source

SHAPES = {
    r"head\.roi_heads\.box_predictor\..*": CLASS_COUNT,
    r"head\.roi_heads\.mask_head\.predictor\..*": CLASS_COUNT,
}
BOX, MASK = "head.roi_heads.box", "head.roi_heads.mask_head"

DETECTRON2 = Source(
    rules=(
        Rule(r"pixel_(mean|std)", None, "the input's normalisation, which the model knows"),
        Rule(r".*\.cell_anchors\.\d", None, "anchors, which the model makes itself"),
        Rule(r"backbone\.(.*)", r"backbone.fpn.\1"),
        Rule(r"proposal_generator\.(.*)", r"head.rpn.\1"),
        Rule(r"roi_heads\.(.*)", r"head.roi_heads.\1"),
    ),
    pixels=Pixels(mean=(123.675, 116.28, 103.53), std=(1.0, 1.0, 1.0), bgr=True),
    constants={},
    shapes=SHAPES,
)


def background_last(rows: Tensor) -> Tensor:
    """Class scores, (1 + K, ...), with the background's row moved from the front to the end."""
    return torch.cat([rows[1:], rows[:1]])


def without_background(rows: Tensor) -> Tensor:
    """A mask a class, (1 + K, ...), without the background's."""
    return rows[1:]


def without_background_box(rows: Tensor) -> Tensor:
    """A box a class, (4 (1 + K), ...), without the background's."""
    return rows[4:]


RENAMED = (
    (r"rpn_head\.rpn_conv", "head.rpn.rpn_head.conv"),
    (r"rpn_head\.rpn_cls", "head.rpn.rpn_head.objectness_logits"),
    (r"rpn_head\.rpn_reg", "head.rpn.rpn_head.anchor_deltas"),
    (r"bbox_head\.shared_fcs\.0", f"{BOX}_head.fc1"),
    (r"bbox_head\.shared_fcs\.1", f"{BOX}_head.fc2"),
    (r"bbox_head\.fc_cls", f"{BOX}_predictor.cls_score"),
    (r"bbox_head\.fc_reg", f"{BOX}_predictor.bbox_pred"),
    *((rf"mask_head\.convs\.{i}\.conv", f"{MASK}.mask_fcn{i + 1}") for i in range(4)),
    (r"mask_head\.upsample", f"{MASK}.deconv"),
    (r"mask_head\.conv_logits", f"{MASK}.predictor"),
    (r"track_head\.fcs\.0", "track_head.fcs.0"),
    (r"track_head\.fcs\.1", "track_head.fcs.1"),
)

MASKTRACK = Source(
    rules=(
        FROZEN_COUNTER,
        *mmdet.RESNET,
        *mmdet.fpn(2, 5),
        *(Rule(rf"{name}\.(.*)", rf"{ours}.\1") for name, ours in RENAMED),
    ),
    pixels=Pixels(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375), bgr=False),
    constants={},
    shapes=SHAPES,
    edits={
        r"head\.roi_heads\.box_predictor\.cls_score\..*": background_last,
        r"head\.roi_heads\.box_predictor\.bbox_pred\..*": without_background_box,
        r"head\.roi_heads\.mask_head\.predictor\..*": without_background,
    },
)
