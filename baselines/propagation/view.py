"""What a propagator is given of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import torch.nn.functional as F
from torch import Tensor

from baselines.tracking.detections import Detections
from tpr.inference.playback import Seen
from tpr.models.masks import FrameMasks
from tpr.references.exact_flow import at_level


class View(NamedTuple):
    """A frame of a video of the size H x W, with N detections.

    masks (N, H, W) bool, on the CPU. features (C, h, w): a pyramid level that has a cell every
    `stride` pixels of the network's frame, whose size is network (height, width). motion: by its
    source, (2, H, W) as (dx, dy) in the video's pixels, where each pixel was in the frame before;
    empty for a video's first frame.
    """

    found: Detections
    masks: Tensor
    features: Tensor
    stride: int
    network: tuple[int, int]
    motion: Mapping[str, Tensor]

    @property
    def size(self) -> tuple[int, int]:
        return self.masks.shape[-2], self.masks.shape[-1]

    def in_cells(self, masks: Tensor) -> Tensor:
        """Whether masks (K, H, W) take half of each cell or more: (K, h, w) bool."""
        resized = F.interpolate(masks[:, None].float(), self.network, mode="bilinear")
        return at_level(resized, self.stride, self.features.shape[-2:])[:, 0] >= 0.5

    def in_pixels(self, values: Tensor) -> Tensor:
        """Values (K, h, w) of cells, bilinear, as (K, H, W)."""
        return FrameMasks(values, self.stride).resized(self.network, self.size)

    def seen(self, track: int, mask: Tensor, row: int) -> Seen:
        """A track with this mask (H, W), and the score and class of a detection."""
        score, category = float(self.found.scores[row]), int(self.found.classes[row])
        return Seen(track, mask.numpy(), score, category)


class Propagator(Protocol):
    """Sees a frame at a time and never changes what it said."""

    def step(self, view: View) -> Sequence[Seen]: ...


def mask_overlaps(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Of masks a (N, H, W) with b (K, H, W): common pixels (N, K), and IoU (N, K), 0 where both
    are empty."""
    pixels = a.shape[1] * a.shape[2]  # -1 could not tell where there is no mask
    first, second = (x.reshape(len(x), pixels).float() for x in (a, b))
    common = first @ second.t()
    union = first.sum(1)[:, None] + second.sum(1) - common
    return common, common / union.clamp(min=1)
