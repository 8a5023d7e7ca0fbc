"""YOLACT's losses, with the public code's weights; sums over a batch, normalised by the caller."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from detectron2.structures import Instances
from torch import Tensor

from tpr.models.yolact_targets import AnchorTargets, encode_boxes

BOX_WEIGHT, MASK_WEIGHT = 1.5, 6.125
NEGATIVES = 3  # background anchors for each positive one


def box_loss(
    offsets: Tensor,
    anchors: Tensor,
    targets: AnchorTargets,
    positives: Sequence[Tensor],
    instances: Sequence[Instances],
) -> Tensor:
    """Smooth L1 of the offsets (N, A, 4) of each image's positive anchors (P,)."""
    loss = offsets.sum() * 0
    for image, (truth, positive) in enumerate(zip(instances, positives, strict=True)):
        boxes = truth.gt_boxes.tensor[targets.instance[image, positive]]
        goal = encode_boxes(boxes, anchors[positive])
        loss = loss + F.smooth_l1_loss(offsets[image, positive], goal, reduction="sum")
    return BOX_WEIGHT * loss


def class_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of the positive anchors and of each image's hardest background anchors.

    logits (N, A, 1 + K), labels (N, A): see AnchorTargets. Hard means a low background probability.
    """
    positive = labels > 0
    with torch.no_grad():
        hardness = logits.logsumexp(2) - logits[..., 0]
        hardness[labels != 0] = 0
        rank = hardness.argsort(1, descending=True).argsort(1)
        wanted = (NEGATIVES * positive.sum(1, keepdim=True)).clamp(max=labels.shape[1] - 1)
        used = positive | ((rank < wanted) & (labels == 0))
        index = used.flatten().nonzero().squeeze(1)
    chosen = logits.flatten(0, 1)[index], labels.flatten()[index]
    return F.cross_entropy(*chosen, reduction="sum")


def mask_loss(logits: Tensor, truth: Instances, index: Tensor, stride: int) -> Tensor:
    """Cross entropy of mask logits (D, h, w) with the objects `index` (D,), in the objects' boxes.

    Each mask's loss is divided by its box's area, so that small objects count as much.
    """
    boxes = truth.gt_boxes.tensor[index] / stride
    goal = downsample(truth.gt_masks.tensor, logits.shape[1:], stride)[index]
    loss = F.binary_cross_entropy_with_logits(logits, goal, reduction="none")
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return MASK_WEIGHT * (crop_to_boxes(loss, boxes).sum((1, 2)) / area).sum()


def semantic_loss(logits: Tensor, instances: Sequence[Instances], stride: int) -> Tensor:
    """Cross entropy of the semantic logits (N, K, h, w), a mean over the positions only."""
    goal = torch.zeros_like(logits)
    categories = torch.arange(logits.shape[1], device=logits.device)[:, None]
    for image, truth in enumerate(instances):
        masks = downsample(truth.gt_masks.tensor, logits.shape[-2:], stride)
        of_category = (categories == truth.gt_classes).float()  # (K, G)
        goal[image] = torch.einsum("kg,ghw->khw", of_category, masks) > 0
    loss = F.binary_cross_entropy_with_logits(logits, goal, reduction="sum")
    return loss / (logits.shape[-2] * logits.shape[-1])


def downsample(masks: Tensor, size: Sequence[int], stride: int) -> Tensor:
    """Masks (G, H, W) on a map (h, w) with cells of `stride` pixels, which may reach beyond the
    image (into the network's padding): (G, h, w) of 0 and 1."""
    if len(masks) == 0:
        return masks.new_zeros((0, *size), dtype=torch.float32)
    height, width = size[0] * stride, size[1] * stride
    whole = F.pad(masks.float(), (0, width - masks.shape[2], 0, height - masks.shape[1]))
    small = F.interpolate(whole[None], tuple(size), mode="bilinear", align_corners=False)
    return (small[0] > 0.5).float()


def crop_to_boxes(masks: Tensor, boxes: Tensor, padding: int = 1) -> Tensor:
    """Maps (D, h, w), zero outside the boxes (D, 4, xyxy in cells) grown by `padding` cells."""
    low, high = boxes[:, None, :2] - padding, boxes[:, None, 2:] + padding
    y = torch.arange(masks.shape[1], device=masks.device)[None]
    x = torch.arange(masks.shape[2], device=masks.device)[None]
    rows = (y >= low[..., 1].clamp(min=0)) & (y < high[..., 1].clamp(max=masks.shape[1]))
    columns = (x >= low[..., 0].clamp(min=0)) & (x < high[..., 0].clamp(max=masks.shape[2]))
    return masks * (rows[:, :, None] & columns[:, None])
