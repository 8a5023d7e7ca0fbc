"""Features of frame pairs with the exact motion of objects: what offsets are fitted to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from experiments.stages.key import Spec
from tpr.data.transforms import Geometry
from tpr.data.youtube_vis import YouTubeVIS
from tpr.inference.online import network_input
from tpr.models.vis_model import VISModel
from tpr.parallel.batch_parts import Part
from tpr.probes.truth import Truth, cells
from tpr.routing.warp import stride_of

LEVEL = "p3"


class OffsetPairs(NamedTuple):
    """M pairs of a frame (query) and the one before it (reference), on pyramid level LEVEL.

    query, reference: (M, C, H, W); moved: (M, 2, H, W), the exact displacement to the reference in
    cells; inside: (M, 1, H, W), 1 in objects' cells; video: (M,), index of the video.
    """

    query: Tensor
    reference: Tensor
    moved: Tensor
    inside: Tensor
    video: Tensor

    def to(self, device: torch.device) -> OffsetPairs:
        return OffsetPairs(*(x.to(device) for x in self))

    def rows(self, index: Tensor | slice) -> OffsetPairs:
        return OffsetPairs(*(x[index] for x in self))


@torch.no_grad()
def offset_pairs(model: VISModel, dataset: YouTubeVIS, videos: int, size: Spec) -> OffsetPairs:
    """All neighbouring frames of the first videos. size: "short_edge" and "longest", as in tests.

    Raises ValueError for recorded data, whose flow nobody knows.
    """
    truth = Truth(dataset)
    if truth.flow is None:
        raise ValueError(f"{dataset.path}: recorded data have no exact flow to fit offsets to")
    found: list[OffsetPairs] = []
    for number, video in enumerate(dataset.videos[:videos]):
        images = torch.cat([network_input(dataset, video, t, size) for t in range(video.length)])
        level = model.frames(images).pyramid[LEVEL].float().cpu()
        shape, whole = level.shape[-2:], Geometry(images.shape[-2], images.shape[-1], False)
        at = [
            cells(truth.pixels(video, t, t - 1, whole), stride_of(LEVEL), shape)
            for t in range(1, video.length)
        ]
        moved = torch.from_numpy(np.stack([one.moved.T.reshape(2, *shape) for one in at]))
        inside = torch.from_numpy(np.stack([one.object.reshape(1, *shape) for one in at]))
        numbers = torch.full((len(at),), number)
        found.append(OffsetPairs(level[1:], level[:-1], moved.float(), inside.float(), numbers))
    return OffsetPairs(*(torch.cat(parts) for parts in zip(*found, strict=True)))


def draw_pairs(
    data: OffsetPairs, batch_size: int, seed: int, iteration: int, part: Part
) -> OffsetPairs:
    """A part of the random batch of an iteration; the same for the same seed and iteration."""
    index = np.random.default_rng([seed, iteration]).integers(len(data.video), size=batch_size)
    return data.rows(torch.from_numpy(index[part.rows(batch_size)]))
