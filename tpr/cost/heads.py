"""What each instance head computes for one frame, and which of it the paper's tool did not see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..models.blendmask import BASIS_STRIDE, BlendMask, blend

Forward = Callable[[nn.Module, dict[str, Tensor], int], None]


@dataclass(frozen=True)
class HeadCost:
    """forward(head, pyramid, detections) runs what inference computes, the masks of `detections`
    boxes included; parts: paths of submodules by the name of the part; dead: the parts that a
    trace without detections drops, since no output depends on them."""

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
    rois = torch.ops.torchvision.roi_align(
        bases,
        bases.new_zeros(detections, 5),
        1 / BASIS_STRIDE,
        head.resolution,
        head.resolution,
        1,
        True,
    )
    blend(rois, bases.new_zeros(detections, head.top_layer.out_channels), head.attention)


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
}


def head_cost(head: nn.Module) -> HeadCost:
    """Raises ValueError for a head without an entry in HEADS."""
    name = type(head).__name__
    if name not in HEADS:
        raise ValueError(f"no cost of head {name}: add it to tpr/cost/heads.py")
    return HEADS[name]


def track(head: nn.Module, pyramid: dict[str, Tensor], boxes: Tensor) -> None:
    """What a tracking head computes for boxes (D, 4): a map for all, or embeddings of the boxes."""
    if hasattr(head, "embeddings"):
        head.embeddings(pyramid, [boxes])
    else:
        head(pyramid)
