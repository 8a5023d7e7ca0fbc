"""The boxes that instance heads pass to the tracking head in training."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor


class TrackSamples(NamedTuple):
    """Boxes that the head predicts for known instances.

    boxes (P, 4): xyxy in network pixels, without gradient; image (P,): index in the batch;
    instance (P,): index among the image's ground-truth instances.
    """

    boxes: Tensor
    image: Tensor
    instance: Tensor
