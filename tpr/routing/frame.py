"""What a temporal module sees of one video frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

Pyramid = dict[str, Tensor]


class Frame(NamedTuple):
    """A frame of each of N videos.

    pyramid: level name to features, ``p3`` ... ``p7``, each (N, C, H_l, W_l).
    image: normalised pixels (N, 3, H, W); only flow-based modules read it.
    """

    pyramid: Pyramid
    image: Tensor | None = None

    def rows(self, index: slice | Sequence[int]) -> Frame:
        """The frames of some of the videos: of a slice views, of a list copies."""
        image = None if self.image is None else self.image[index]
        return Frame({name: x[index] for name, x in self.pyramid.items()}, image)

    def with_rows(self, index: Sequence[int], pyramid: Pyramid) -> Frame:
        """The same, with another pyramid for some of the videos, in ascending order."""
        first = next(iter(self.pyramid.values()))
        if len(index) == len(first):
            return Frame(pyramid, self.image)
        rows = torch.tensor(index, device=first.device)
        merged = {
            name: x.index_copy(0, rows, pyramid[name].to(x.dtype))
            for name, x in self.pyramid.items()
        }
        return Frame(merged, self.image)


def stack(frames: Sequence[Frame]) -> Frame:
    """Frames of several videos as one batch; all with an image, or none. One stays itself."""
    if len(frames) == 1:
        return frames[0]
    pyramids = [frame.pyramid for frame in frames]
    images = [frame.image for frame in frames if frame.image is not None]
    return Frame(
        {name: torch.cat([p[name] for p in pyramids]) for name in pyramids[0]},
        torch.cat(images) if images else None,
    )
