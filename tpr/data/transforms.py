"""From a frame and its annotations to network input: resize, flip, tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from detectron2.structures import BitMasks, Boxes, Instances
from torch import Tensor

from tpr.data.youtube_vis import FrameInstances

# Around smaller images of a batch: the mean RGB pixel of ImageNet, rounded. Normalised it is 0 but
# for half a grey level, as detectron2's padding is; black would be an edge that images do not have.
PADDING = (124, 116, 104)


class Geometry(NamedTuple):
    """One geometric augmentation, shared by the frames of a pair: output size and mirroring."""

    height: int
    width: int
    flip: bool


def resize_to_short_edge(size: tuple[int, int], short: int, longest: int | None) -> tuple[int, int]:
    """(height, width) with the given short edge, aspect kept, long edge at most `longest`."""
    scale = short / min(size)
    if longest is not None:
        scale = min(scale, longest / max(size))
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def transform_image(image: np.ndarray, geometry: Geometry) -> Tensor:
    """uint8 RGB (H, W, 3) -> uint8 (3, height, width)."""
    if image.shape[:2] != (geometry.height, geometry.width):
        image = cv2.resize(image, (geometry.width, geometry.height), interpolation=cv2.INTER_LINEAR)
    if geometry.flip:
        image = image[:, ::-1]
    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))


def transform_masks(masks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """bool (G, H, W) -> bool (G, height, width), nearest neighbour at the pixel centres."""
    height, width = masks.shape[1:]
    if (height, width) != (geometry.height, geometry.width):
        rows = ((np.arange(geometry.height) + 0.5) * height / geometry.height).astype(int)
        columns = ((np.arange(geometry.width) + 0.5) * width / geometry.width).astype(int)
        masks = masks[:, rows[:, None], columns]
    return masks[:, :, ::-1] if geometry.flip else masks


def to_instances(found: FrameInstances, geometry: Geometry) -> Instances:
    """Ground truth of a frame after the transform; instances whose mask vanishes are left out.

    Fields: gt_boxes (tight), gt_classes, gt_masks (BitMasks), gt_ids (track ids). Crowds are left
    out, as in the reference training code.
    """
    keep = ~found.iscrowd.astype(bool)
    masks = torch.from_numpy(np.ascontiguousarray(transform_masks(found.masks[keep], geometry)))
    visible = masks.flatten(1).any(1)
    out = Instances((geometry.height, geometry.width))
    out.gt_masks = BitMasks(masks[visible])
    out.gt_boxes = out.gt_masks.get_bounding_boxes() if visible.any() else Boxes(torch.zeros(0, 4))
    out.gt_classes = torch.from_numpy(found.classes[keep].astype(np.int64))[visible]
    out.gt_ids = torch.from_numpy(found.track_ids[keep].astype(np.int64))[visible]
    return out


def pad_batch(
    images: Sequence[Tensor], truth: Sequence[Instances], size: tuple[int, int]
) -> tuple[Tensor, list[Instances]]:
    """Pads images (3, h, w) with PADDING and masks with zeros, right and below, to `size` (height,
    width)."""
    height, width = size
    batch = torch.tensor(PADDING, dtype=torch.uint8).view(3, 1, 1).repeat(len(images), 1, *size)
    for i, image in enumerate(images):
        batch[i, :, : image.shape[1], : image.shape[2]] = image
    return batch, [_pad_masks(x, height, width) for x in truth]


def _pad_masks(truth: Instances, height: int, width: int) -> Instances:
    if truth.image_size == (height, width):
        return truth
    padded = Instances((height, width), **truth.get_fields())
    masks = torch.zeros(len(truth), height, width, dtype=torch.bool)
    masks[:, : truth.image_size[0], : truth.image_size[1]] = truth.gt_masks.tensor
    padded.gt_masks = BitMasks(masks)
    return padded
