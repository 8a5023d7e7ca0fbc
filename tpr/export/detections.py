"""A head's raw detections before NMS, at every location, whatever the score, in tensors of fixed
shape.

M counts all locations (or anchors) of all levels, from fine to coarse, row by row. Thresholds, NMS
and tracking come after it, as the number of their results depends on the picture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from detectron2.modeling.box_regression import Box2BoxTransform
from torch import Tensor, nn

from tpr.models.blendmask import BlendMask
from tpr.models.fcos_targets import level_locations
from tpr.models.mask2former.head import STRIDE, Mask2Former, certainty
from tpr.models.mask2former.head import boxes_around as boxes_around_masks
from tpr.models.mask2former.tracking import track_embeddings
from tpr.models.masktrack import MaskRCNN
from tpr.models.sipmask import SipMask
from tpr.models.yolact import YOLACT
from tpr.models.yolact_targets import decode_offsets
from tpr.routing.frame import Pyramid

Found = dict[str, Tensor]


def blendmask(head: BlendMask, pyramid: Pyramid) -> Found:
    """boxes (N, M, 4) xyxy in pixels, not clipped; scores (N, M, K); bases (N, B, 2 H_3, 2 W_3);
    attention (N, M, B attention^2): how the bases blend to a box's mask."""
    output = head.fcos(list(pyramid.values()))
    sides = [x * stride for x, stride in zip(output.sides, head.fcos.strides, strict=True)]
    return {
        "boxes": boxes_around(sides, head.fcos.strides),
        "scores": scores_of(output.logits, output.centerness).sqrt(),
        "bases": head.basis(pyramid),
        "attention": by_location([head.top_layer(x) for x in output.tower]),
    }


def sipmask(head: SipMask, pyramid: Pyramid) -> Found:
    """boxes (N, M, 4) xyxy in pixels, not clipped; scores (N, M, K); coefficients (N, M, 4 B), one
    set a quadrant of the box; bases (N, B, 4 H_3, 4 W_3)."""
    output = head(pyramid)
    return {
        "boxes": boxes_around(output.sides, head.strides),
        "scores": scores_of(output.logits, output.centerness),
        "bases": output.bases,
        "coefficients": by_location(output.coefficients),
    }


def yolact(head: YOLACT, pyramid: Pyramid) -> Found:
    """boxes (N, M, 4) xyxy in pixels; scores (N, M, K); prototypes (N, B, 2 H_3, 2 W_3);
    coefficients (N, M, B)."""
    output = head(pyramid)
    return {
        "boxes": decode_offsets(output.offsets, output.anchors),
        "scores": output.logits.softmax(2)[..., 1:],
        "prototypes": output.prototypes,
        "coefficients": output.coefficients,
    }


def mask2former(head: Mask2Former, pyramid: Pyramid) -> Found:
    """Of M queries: boxes (N, M, 4) xyxy in pixels, around the masks; scores (N, M, K), the mask's
    certainty in them; masks (N, M, 2 H_3, 2 W_3), probabilities; embeddings (N, M, E)."""
    found, queries = head(pyramid)
    masks = found[-1].masks.sigmoid()
    certain = torch.stack([certainty(one) for one in masks])
    return {
        "boxes": torch.stack([STRIDE * boxes_around_masks(one > 0.5) for one in masks]),
        "scores": found[-1].logits.softmax(2)[..., :-1] * certain[..., None],
        "masks": masks,
        "embeddings": torch.stack([track_embeddings(one) for one in queries]),
    }


def mask_rcnn(head: MaskRCNN, pyramid: Pyramid) -> Found:
    """Proposals: boxes (N, M, 4) xyxy in pixels, not clipped; scores (N, M), logits of objectness.

    Its second stage takes proposals after NMS, each from the level of its size.
    """
    rpn = head.rpn
    features = [pyramid[name] for name in rpn.in_features]
    logits, deltas = rpn.rpn_head(features)
    anchors = torch.cat([x.tensor for x in rpn.anchor_generator(features)])
    deltas = torch.cat([anchor_rows(x, 4) for x in deltas], 1)
    boxes = [apply_deltas(rpn.box2box_transform, one, anchors) for one in deltas]
    scores = torch.cat([anchor_rows(x, 1) for x in logits], 1)[..., 0]
    return {"boxes": torch.stack(boxes), "scores": scores}


def apply_deltas(transform: Box2BoxTransform, deltas: Tensor, anchors: Tensor) -> Tensor:
    """Boxes (M, 4) from deltas (M, 4), of anchors (M, 4)."""
    return transform.apply_deltas(deltas, anchors)


# each takes heads of its own class
HEADS: dict[type[nn.Module], Callable[[Any, Pyramid], Found]] = {
    BlendMask: blendmask,
    Mask2Former: mask2former,
    MaskRCNN: mask_rcnn,
    SipMask: sipmask,
    YOLACT: yolact,
}


def left_out(head: nn.Module) -> str:
    """The parts of a head that a graph does not hold, and why."""
    second = "Mask R-CNN's second stage, " if isinstance(head, MaskRCNN) else ""
    return (
        f"{second}thresholds, NMS, masks of what is left, tracking: how many detections there are "
        "depends on the picture (nonzero, torchvision::nms)"
    )


def by_location(levels: list[Tensor]) -> Tensor:
    """[(N, C, H_l, W_l)] -> (N, M, C)."""
    return torch.cat([x.flatten(2).transpose(1, 2) for x in levels], 1)


def scores_of(logits: list[Tensor], centerness: list[Tensor]) -> Tensor:
    """Class times centerness: (N, M, K)."""
    return by_location(logits).sigmoid() * by_location(centerness).sigmoid()


def boxes_around(sides: list[Tensor], strides: tuple[int, ...]) -> Tensor:
    """Boxes (N, M, 4) from distances in pixels (N, 4, H_l, W_l) to left, top, right, bottom."""
    points = [
        level_locations((x.shape[-2], x.shape[-1]), stride, x.device)
        for x, stride in zip(sides, strides, strict=True)
    ]
    centres, distances = torch.cat(points), by_location(sides)
    return torch.cat([centres - distances[..., :2], centres + distances[..., 2:]], 2)


def anchor_rows(x: Tensor, fields: int) -> Tensor:
    """(N, A fields, H, W) -> (N, H W A, fields), the order of detectron2's anchors."""
    n, _, h, w = x.shape
    return x.view(n, -1, fields, h, w).permute(0, 3, 4, 1, 2).reshape(n, -1, fields)
