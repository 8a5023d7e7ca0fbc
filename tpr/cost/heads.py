"""The computation of each instance head for one frame, and the parts of it that the paper's tool
did not count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from tpr.models.blendmask import BASIS_STRIDE, BlendMask, blend
from tpr.models.mask2former.head import Mask2Former
from tpr.models.mask2former.tracking import QueryTrackHead
from tpr.models.masktrack import BOX_LEVELS, BOX_RESOLUTION, MASK_RESOLUTION, BoxTrackHead, MaskRCNN
from tpr.models.quadrants import quadrant_masks
from tpr.models.sipmask import SipMask
from tpr.models.yolact import YOLACT, assemble

Forward = Callable[
    [Any, dict[str, Tensor], int], None
]  # its first argument is of one class of head


@runtime_checkable
class Embeds(Protocol):
    """A tracking head that computes a map for all boxes of a frame."""

    def embeddings(self, pyramid: dict[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]: ...


@dataclass(frozen=True)
class HeadCost:
    """How a head's cost is measured.

    forward(head, pyramid, detections) runs what inference computes, including the masks of
    `detections` boxes; parts: paths of submodules by the name of the part; dead: the parts that a
    trace without detections drops, since no output depends on them.
    """

    forward: Forward
    parts: dict[str, tuple[str, ...]]
    dead: tuple[str, ...]


def blendmask(head: BlendMask, pyramid: dict[str, Tensor], detections: int) -> None:
    """With the top layer at every position, as AdelaiDet and the release compute it.

    (Our own inference computes it at the detections only: 9 C B A^2 multiply-accumulates each.)
    """
    bases = head.basis(pyramid)
    for tower in head.fcos(list(pyramid.values())).tower:
        head.top_layer(tower)
    rois = pooled(bases, detections, head.resolution, 1 / BASIS_STRIDE, 1)
    blend(rois, bases.new_zeros(detections, head.top_layer.out_channels), head.attention)


def sipmask(head: SipMask, pyramid: dict[str, Tensor], detections: int) -> None:
    out = head(pyramid)
    bases, width = out.bases[0], out.coefficients[0].shape[1]
    quadrant_masks(bases, bases.new_zeros(detections, width), bases.new_zeros(detections, 4))


def yolact(head: YOLACT, pyramid: dict[str, Tensor], detections: int) -> None:
    out = head(pyramid)
    assemble(out.prototypes[0], out.prototypes.new_zeros(detections, head.prototypes))


def mask2former(head: Mask2Former, pyramid: dict[str, Tensor], detections: int) -> None:
    """Every query has its mask, however many are shown."""
    head(pyramid)


def mask_rcnn(head: MaskRCNN, pyramid: dict[str, Tensor], detections: int) -> None:
    """With as many region proposals as the test settings let through."""
    rpn, roi_heads = head.rpn, head.roi_heads
    rpn.rpn_head(list(pyramid.values()))
    level = pyramid[BOX_LEVELS[0]]
    boxes = pooled(level, rpn.post_nms_topk[False], BOX_RESOLUTION)
    roi_heads.box_predictor(roi_heads.box_head(boxes))
    roi_heads.mask_head.layers(pooled(level, detections, MASK_RESOLUTION))


def pooled(
    x: Tensor, boxes: int, resolution: int, scale: float = 1.0, sampling_ratio: int = 0
) -> Tensor:
    """Features (boxes, C, resolution, resolution) of a map (1, C, H, W).

    The position and level of the boxes do not change the cost.
    """
    rois = x.new_zeros(boxes, 5)
    return torch.ops.torchvision.roi_align(
        x, rois, scale, resolution, resolution, sampling_ratio, True
    )


HEADS: dict[str, HeadCost] = {
    "BlendMask": HeadCost(
        blendmask,
        {
            "FCOS towers": ("fcos.cls_tower", "fcos.bbox_tower"),
            "class and centerness": ("fcos.cls_logits", "fcos.ctrness"),
            "box sides": ("fcos.bbox_pred", "fcos"),
            "top layer": ("top_layer",),
            "basis": ("basis",),
        },
        ("basis", "box sides"),
    ),
    # No cost of these was published, so nothing is known of what its tool did not see.
    "SipMask": HeadCost(
        sipmask,
        {
            "towers": ("cls_tower", "bbox_tower"),
            "class, box and centerness": ("cls_logits", "bbox_pred", "ctrness", "scales"),
            "feature alignment": ("align",),
            "coefficients": ("coefficients",),
            "basis": ("basis",),
        },
        (),
    ),
    "YOLACT": HeadCost(
        yolact,
        {
            "tower": ("tower",),
            "class and box": ("cls_logits", "bbox_pred"),
            "coefficients": ("coefficients",),
            "prototypes": ("protonet",),
            "semantic": ("semantic",),
        },
        (),
    ),
    "Mask2Former": HeadCost(
        mask2former,
        {
            "features of pixels": ("pixels",),
            "query decoder": ("decoder",),
        },
        (),
    ),
    "MaskRCNN": HeadCost(
        mask_rcnn,
        {
            "proposals": ("rpn",),
            "box head": ("roi_heads.box_head", "roi_heads.box_predictor"),
            "mask head": ("roi_heads.mask_head",),
        },
        (),
    ),
}


def head_cost(head: nn.Module) -> HeadCost:
    """Raises ValueError for a head without an entry in HEADS."""
    name = type(head).__name__
    if name not in HEADS:
        raise ValueError(f"no cost of head {name}: add it to tpr/cost/heads.py")
    return HEADS[name]


def track(head: nn.Module, pyramid: dict[str, Tensor], boxes: Tensor) -> None:
    """What a tracking head computes for boxes (D, 4): a map for all, or embeddings of the boxes."""
    if isinstance(head, QueryTrackHead):
        return  # the decoder's own embeddings
    if isinstance(head, BoxTrackHead):
        head(pooled(pyramid[BOX_LEVELS[0]], len(boxes), BOX_RESOLUTION))
    elif isinstance(head, Embeds):
        head.embeddings(pyramid, [boxes])
    else:
        head(pyramid)
