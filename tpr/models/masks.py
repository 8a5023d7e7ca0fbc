"""Predicted masks, in their boxes or over the whole frame, and their conversion to masks of the
video's size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from detectron2.layers.mask_ops import paste_masks_in_image
from detectron2.structures import Boxes, Instances
from torch import Tensor


class FrameMasks:
    """Mask probabilities over the whole network frame, for Instances.pred_masks.

    probabilities: (D, h, w), a cell every `stride` pixels; the padding may be part of it.
    """

    def __init__(self, probabilities: Tensor, stride: int) -> None:
        self.probabilities, self.stride = probabilities, stride

    def __len__(self) -> int:
        return len(self.probabilities)

    def __getitem__(self, index: Tensor | slice) -> FrameMasks:
        return FrameMasks(self.probabilities[index], self.stride)

    def resized(self, image_size: tuple[int, int], size: tuple[int, int]) -> Tensor:
        """Bilinear, as (D, *size), where size shows the same as the network frame's image_size."""
        scale = [self.stride * new / old for new, old in zip(size, image_size, strict=True)]
        # One more row and column, or rounding down the output's size could lose the last.
        masks = F.pad(self.probabilities[None], (0, 1, 0, 1), mode="replicate")
        masks = F.interpolate(masks, scale_factor=scale, mode="bilinear", align_corners=False)
        return masks[0, :, : size[0], : size[1]]


def video_masks(found: Instances, size: tuple[int, int]) -> Tensor:
    """Masks of a frame's detections at the video's size (height, width): (D, *size) bool.

    pred_masks (D, S, S), probabilities in the boxes, are pasted into the unclipped box, where they
    were predicted (AdelaiDet squeezes them into the clipped one); FrameMasks are resized.
    """
    if len(found) == 0:
        return torch.zeros(0, *size, dtype=torch.bool)
    if isinstance(found.pred_masks, FrameMasks):
        return found.pred_masks.resized(found.image_size, size) > 0.5
    boxes: Boxes = found.pred_boxes.clone()
    boxes.scale(size[1] / found.image_size[1], size[0] / found.image_size[0])
    if boxes.tensor.is_cuda:
        return paste_masks_in_image(found.pred_masks, boxes, size, threshold=0.5)
    # On a CPU detectron2 raises for boxes that lie beside the picture, as in the network's padding.
    low, high = boxes.tensor.view(-1, 2, 2).unbind(1)
    shown = ((high >= -1) & (low <= low.new_tensor(size[::-1]) + 1)).all(1)
    masks = torch.zeros(len(found), *size, dtype=torch.bool)
    masks[shown] = paste_masks_in_image(found.pred_masks[shown], boxes[shown], size).bool()
    return masks
