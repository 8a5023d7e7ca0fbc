"""What a temporal module sees of one video frame."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

Pyramid = dict[str, Tensor]


class Frame(NamedTuple):
    """A frame of a batch of videos.

    pyramid: level name to features, ``p3`` ... ``p7``, each (N, C, H_l, W_l).
    image: normalised pixels (N, 3, H, W); only flow-based modules read it.
    """

    pyramid: Pyramid
    image: Tensor | None = None
