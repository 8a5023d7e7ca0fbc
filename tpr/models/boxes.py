"""Overlaps of boxes in both conventions: sides as x2 - x1, or with mmdet's (old Caffe's) + 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou


def with_extent(boxes: Tensor, extent: float) -> Tensor:
    """Boxes (..., 4) whose sides, and so the sides of whose intersections, are `extent` longer."""
    return torch.cat([boxes[..., :2], boxes[..., 2:] + extent], -1)


def pairwise_iou(a: Tensor, b: Tensor, extent: float = 0.0) -> Tensor:
    """IoU of every box of a (M, 4) with every box of b (N, 4), xyxy: (M, N)."""
    return box_iou(with_extent(a, extent), with_extent(b, extent))


def aligned_iou(a: Tensor, b: Tensor, extent: float = 0.0) -> Tensor:
    """IoU of a[i] with b[i], xyxy (P, 4) -> (P,). Sides below zero count as they are in areas."""
    a, b = with_extent(a, extent), with_extent(b, extent)
    sides = torch.minimum(a[:, 2:], b[:, 2:]) - torch.maximum(a[:, :2], b[:, :2])
    intersection = sides.clamp(min=0).prod(1)
    areas = (a[:, 2:] - a[:, :2]).prod(1) + (b[:, 2:] - b[:, :2]).prod(1)
    return intersection / (areas - intersection)
