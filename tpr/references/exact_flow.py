"""The exact flow of generated videos at a network's size, and frames warped along it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from tpr.data.mini import flow
from tpr.data.mini.generate import INFO
from tpr.data.transforms import Geometry
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.routing import Frame
from tpr.routing.warp import stride_of, warp


class ExactFlow:
    """Flow between frames of a generated data set's videos. Raises ValueError for recorded data."""

    def __init__(self, dataset: YouTubeVIS) -> None:
        info = dataset.path.parent / INFO
        if not info.is_file():
            raise ValueError(f"{dataset.path}: recorded data have no exact flow")
        self.generator = json.loads(info.read_text(encoding="utf-8"))
        self.split = dataset.path.stem
        # by place in the file, whichever of its videos the data set is asked for
        self.index = {video: i for i, video in enumerate(dataset.annotations.videos)}

    def between(self, video: Video, t: int, other: int) -> np.ndarray:
        """(H, W, 2) flow in the video's pixels, from frame t to the other."""
        return flow(self.generator, self.split, self.index[video.id], t, other=other)

    def resized(self, video: Video, t: int, other: int, geometry: Geometry) -> Tensor:
        """As `between` for frames after `transform_image`: (2, height, width), in their pixels."""
        return transform_flow(self.between(video, t, other), geometry)


def transform_flow(moved: np.ndarray, geometry: Geometry) -> Tensor:
    """(H, W, 2) flow -> (2, height, width) of the resized, perhaps mirrored frames."""
    height, width = moved.shape[:2]
    scale = np.array([geometry.width / width, geometry.height / height], np.float32)
    if (height, width) != (geometry.height, geometry.width):
        size = (geometry.width, geometry.height)
        moved = cv2.resize(moved, size, interpolation=cv2.INTER_LINEAR)
    moved = moved * scale
    if geometry.flip:
        moved = moved[:, ::-1] * np.array([-1, 1], np.float32)
    return torch.from_numpy(np.ascontiguousarray(moved.transpose(2, 0, 1)))


def at_level(values: Tensor, stride: int, size: torch.Size) -> Tensor:
    """Mean over each cell of a pyramid level: (N, C, H, W) -> (N, C, *size).

    A level covers the frame from its upper left corner on; cells outside the frame are 0.
    """
    height, width = (side * stride for side in size)
    padded = F.pad(values, (0, width - values.shape[-1], 0, height - values.shape[-2]))
    return F.avg_pool2d(padded, stride)


def warped(reference: Frame, moved: Tensor) -> Frame:
    """The reference's pyramid warped to the query's positions; moved: (N, 2, H, W), network
    pixels."""
    moved = moved.to(next(iter(reference.pyramid.values())).device)
    pyramid = {
        name: warp(x, at_level(moved, stride_of(name), x.shape[-2:]) / stride_of(name))
        for name, x in reference.pyramid.items()
    }
    return Frame(pyramid, reference.image)
