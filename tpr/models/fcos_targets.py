"""Which location predicts which instance: FCOS's target assignment with centre sampling
(AdelaiDet's FCOSOutputs)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from detectron2.structures import Boxes, Instances
from torch import Tensor

from tpr.models.boxes import with_extent
from tpr.models.selection import constant

INFINITY = 1e8


class Targets(NamedTuple):
    """Targets of all locations of a batch, ordered by level, then image, row and column.

    labels (M,): class, or num_classes for background; sides (M, 4): left, top, right, bottom
    distances in strides; instance (M,): index of the instance in the batch's concatenated ground
    truth; image (M,); level (M,).
    """

    labels: Tensor
    sides: Tensor
    instance: Tensor
    image: Tensor
    level: Tensor


def level_locations(size: tuple[int, int], stride: int, device: torch.device) -> Tensor:
    """Image coordinates (x, y) of the H * W positions of a level: (H W, 2), float32."""
    rows = torch.arange(size[0], device=device, dtype=torch.float32) * stride + stride // 2
    columns = torch.arange(size[1], device=device, dtype=torch.float32) * stride + stride // 2
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)


def assign_targets(
    locations: Sequence[Tensor],
    strides: Sequence[int],
    ranges: Sequence[float],
    instances: Sequence[Instances],
    num_classes: int,
    radius: float | None = 1.5,
    extent: float = 0.0,
) -> Targets:
    """Targets of every location for every image (AdelaiDet's FCOSOutputs, box centres).

    locations: (H_l W_l, 2) of each level; ranges: the upper bounds of max(l, t, r, b) of all levels
    but the last, in pixels; instances: gt_boxes and gt_classes; radius: of the central region that
    makes a location positive, in strides, or None for the whole box; extent: added to boxes' sides
    where areas decide which of two boxes a location predicts (1 in mmdet).
    """
    device = locations[0].device
    counts = [len(x) for x in locations]
    points = torch.cat(list(locations))
    stride = torch.cat([points.new_full((n,), s) for n, s in zip(counts, strides, strict=True)])
    bounds = constant((-1.0, *ranges, INFINITY), device)
    level = torch.cat([torch.full((n,), i, device=device) for i, n in enumerate(counts)])
    lower, upper = bounds[level], bounds[level + 1]
    per_image, first = [], 0
    for image, truth in enumerate(instances):
        labels, sides, index = _assign_image(
            points, stride, lower, upper, truth, num_classes, radius, extent
        )
        per_image.append((labels, sides, index + first, torch.full_like(labels, image), level))
        first += len(truth)
    return Targets(*_level_first(per_image, counts))


def _assign_image(
    points: Tensor,
    stride: Tensor,
    lower: Tensor,
    upper: Tensor,
    truth: Instances,
    num_classes: int,
    radius: float | None,
    extent: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """One image: labels (M,), sides in strides (M, 4), index of the instance in the image (M,)."""
    background = torch.full((len(points),), num_classes, device=points.device)
    if len(truth) == 0:
        return background, points.new_zeros(len(points), 4), torch.zeros_like(background)
    boxes = truth.gt_boxes.tensor
    sides = _sides(points, boxes)
    candidate = _inside(points, stride, boxes, sides, radius)
    reach = sides.amax(-1)
    candidate &= (reach >= lower[:, None]) & (reach <= upper[:, None])
    area = Boxes(with_extent(boxes, extent)).area()[None].expand(len(points), -1)
    smallest, index = torch.where(candidate, area, INFINITY).min(1)
    labels = torch.where(smallest < INFINITY, truth.gt_classes[index], background)
    chosen = sides[torch.arange(len(points), device=points.device), index]
    return labels, chosen / stride[:, None], index


def _sides(points: Tensor, boxes: Tensor) -> Tensor:
    """Distances (left, top, right, bottom) from each point to each box: (M, G, 4)."""
    return torch.cat(
        [points[:, None] - boxes[None, :, :2], boxes[None, :, 2:] - points[:, None]], 2
    )


def _inside(
    points: Tensor, stride: Tensor, boxes: Tensor, sides: Tensor, radius: float | None
) -> Tensor:
    """Whether a point lies strictly inside the box's central region (or box): (M, G) bool."""
    if radius is None:
        return sides.amin(-1) > 0
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    reach = (stride * radius)[:, None, None]
    top_left = torch.maximum(centre[None] - reach, boxes[None, :, :2])
    bottom_right = torch.minimum(centre[None] + reach, boxes[None, :, 2:])
    return torch.cat([points[:, None] - top_left, bottom_right - points[:, None]], 2).amin(-1) > 0


def _level_first(per_image: list[tuple[Tensor, ...]], counts: list[int]) -> list[Tensor]:
    """Concatenates each field over images within a level, then over levels."""
    fields = []
    for field in zip(*per_image, strict=True):
        split = [x.split(counts) for x in field]
        fields.append(torch.cat([x for level in zip(*split, strict=True) for x in level]))
    return fields
