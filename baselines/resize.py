"""Resizing between the levels of a pyramid."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from tpr.routing.cpr import resize


def fit(x: Tensor, size: torch.Size) -> Tensor:
    """(N, C, H, W) resized to `size`: bilinear like CPR's to a finer level, averaged to a coarser.

    A bilinear sample of a level sixteen times as fine would look at four of its 256 pixels.
    """
    if size[0] <= x.shape[-2] and size[1] <= x.shape[-1]:
        return F.adaptive_avg_pool2d(x, (size[0], size[1]))
    return resize(x, size)
