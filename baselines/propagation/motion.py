"""The sources of motion that masks are carried by, at the video's size."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from tpr.models.masks import FrameMasks

SAMPLING = "sampling"  # where the model's temporal module samples the frame before
FLOW = "flow"  # optical flow of the pictures
EXACT = "exact"  # of generated videos alone: an upper bound


def dense_flow(picture: np.ndarray, before: np.ndarray) -> Tensor:
    """Optical flow of OpenCV's DIS (Kroeger et al., ECCV 2016) from a picture to the one before,
    both uint8 RGB (H, W, 3): (2, H, W), (dx, dy) in pixels."""
    grey, grey_before = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (picture, before))
    flow = np.zeros((*grey.shape, 2), np.float32)
    cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey, grey_before, flow)
    return torch.from_numpy(np.ascontiguousarray(flow.transpose(2, 0, 1)))


def of_level(
    sampled: Tensor, stride: int, network: tuple[int, int], size: tuple[int, int]
) -> Tensor:
    """A displacement (2, h, w) in cells of a pyramid level as one of the video: (2, *size) in its
    pixels; network: (height, width) of the network's frame."""
    scale = [stride * new / old for new, old in zip(size, network, strict=True)]
    moved = FrameMasks(sampled, stride).resized(network, size)
    return moved * torch.tensor(scale[::-1])[:, None, None]
