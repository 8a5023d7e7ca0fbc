"""YOLACT's anchors: where they are, which object each one predicts, and how boxes are encoded."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from detectron2.structures import Instances
from torch import Tensor
from torchvision.ops import box_convert, box_iou

from tpr.models.selection import constant

VARIANCES = (0.1, 0.1, 0.2, 0.2)
RATIOS = (1.0, 0.5, 2.0)
NEUTRAL, BACKGROUND = -1, 0


class AnchorTargets(NamedTuple):
    """Targets of all anchors of a batch.

    labels (N, A): 1 + class, BACKGROUND, or NEUTRAL (too close to an object to be background);
    instance (N, A): index of the object in the image, of use where labels > 0.
    """

    labels: Tensor
    instance: Tensor


def make_anchors(
    sizes: Sequence[tuple[int, int]],
    image: tuple[int, int],
    scales: Sequence[float],
    max_size: int | None,
    device: torch.device,
) -> Tensor:
    """Anchors (A, 4) as centre, width, height in pixels; order: level, row, column, ratio.

    sizes: (H_l, W_l) of the levels; image: (H, W) of the network's input; scales: anchor side of
    each level. The ratios make anchors larger or smaller, not wider or higher, as in the public
    code, whose anchors are square for compatibility with an early mistake.

    max_size: side of the square images of the public code. With it anchors are scale / max_size of
    the image's width and height, as there; None makes them `scale` pixels wide and high, which is
    the same on such squares and keeps anchors square on any other image.
    """
    unit = (1.0, 1.0) if max_size is None else (image[1] / max_size, image[0] / max_size)
    levels = []
    for (rows, columns), scale in zip(sizes, scales, strict=True):
        y = (torch.arange(rows, device=device) + 0.5) * (image[0] / rows)
        x = (torch.arange(columns, device=device) + 0.5) * (image[1] / columns)
        side = constant(tuple(scale * math.sqrt(ratio) for ratio in RATIOS), device)
        y, x, side = torch.meshgrid(y, x, side, indexing="ij")
        levels.append(torch.stack([x, y, side * unit[0], side * unit[1]], 3).view(-1, 4))
    return torch.cat(levels)


def encode_boxes(boxes: Tensor, anchors: Tensor) -> Tensor:
    """xyxy boxes as offsets from their anchors (SSD's encoding): (P, 4), (P, 4) -> (P, 4)."""
    boxes = box_convert(boxes, "xyxy", "cxcywh")
    offsets = torch.cat(
        [(boxes[:, :2] - anchors[:, :2]) / anchors[:, 2:], (boxes[:, 2:] / anchors[:, 2:]).log()], 1
    )
    return offsets / constant(VARIANCES, offsets.device, offsets.dtype)


def decode_offsets(offsets: Tensor, anchors: Tensor) -> Tensor:
    """The inverse of `encode_boxes`; leading dimensions may broadcast."""
    offsets = offsets * constant(VARIANCES, offsets.device, offsets.dtype)
    centre = anchors[..., :2] + offsets[..., :2] * anchors[..., 2:]
    half = anchors[..., 2:] * offsets[..., 2:].exp() / 2
    return torch.cat([centre - half, centre + half], -1)


@torch.no_grad()
def match_anchors(
    anchors: Tensor,
    instances: Sequence[Instances],
    positive: float = 0.5,
    negative: float = 0.4,
) -> AnchorTargets:
    """An anchor predicts the object it overlaps most if that IoU is at least `positive`; below
    `negative` it is background, in between neutral. Every object also claims one anchor."""
    corners = box_convert(anchors, "cxcywh", "xyxy")
    labels, index = zip(
        *(_match_image(corners, truth, positive, negative) for truth in instances), strict=True
    )
    return AnchorTargets(torch.stack(labels), torch.stack(index))


def _match_image(
    corners: Tensor, truth: Instances, positive: float, negative: float
) -> tuple[Tensor, Tensor]:
    """One image: labels (A,), object indices (A,)."""
    if len(truth) == 0:
        empty = torch.full((len(corners),), BACKGROUND, device=corners.device)
        return empty, torch.zeros_like(empty)
    overlap = box_iou(truth.gt_boxes.tensor, corners)
    best, index = overlap.max(0)
    for _ in range(len(truth)):  # the best pair of an unclaimed object and anchor, one by one
        # Indices stay tensors of one element: as numbers each would make a GPU's host wait.
        claim = overlap.argmax().view(1)
        owner, anchor = claim // len(corners), claim % len(corners)
        best[anchor], index[anchor] = 2.0, owner
        overlap[owner], overlap[:, anchor] = -1.0, -1.0
    labels = truth.gt_classes[index] + 1
    labels[best < positive] = NEUTRAL
    labels[best < negative] = BACKGROUND
    return labels, index
