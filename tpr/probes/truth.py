"""The true motion of a frame's pixels to the frame before, and other known properties of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tpr.data.json_input import read_json
from tpr.data.mini import flow_valid
from tpr.data.mini.generate import INFO
from tpr.data.transforms import Geometry, transform_masks
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.references.exact_flow import ExactFlow, at_level, transform_flow

EXACT, CENTROIDS = "exact flow", "centroids of tracks"
COVERED = 0.5  # a cell counts as an object's if objects cover this share of it
FINEST_STRIDE = 8  # of P3, in whose cells speeds are given


@dataclass(frozen=True)
class Pixels:
    """A frame's pixels at the network's size.

    objects: (H, W), those whose motion is known; all objects; moved: (2, H, W), displacement to the
    previous frame in pixels; speed: (H, W), of the object, in cells of P3; hidden: (H, W), objects'
    pixels that the previous frame does not show, where that is known.
    """

    objects: Tensor
    all_objects: Tensor
    moved: Tensor
    speed: Tensor
    hidden: Tensor
    degraded: bool


@dataclass(frozen=True)
class Cells:
    """The cells of a level, flat.

    object, background: (P,) bool; moved: (P, 2) in cells of the level; speed: (P,) in cells of P3;
    hidden: (P,) bool.
    """

    object: np.ndarray
    background: np.ndarray
    moved: np.ndarray
    speed: np.ndarray
    hidden: np.ndarray


class Truth:
    """The true motion in a data set: exact flow of generated videos, else that of tracks.

    `source` says which of the two. All pixels of a recorded object are taken to move as its mask's
    centroid does.
    """

    def __init__(self, dataset: YouTubeVIS) -> None:
        self.dataset = dataset
        generated = (dataset.path.parent / INFO).is_file()
        self.flow = ExactFlow(dataset) if generated else None
        self.source = EXACT if generated else CENTROIDS
        videos = read_json(dataset.path)["videos"] if generated else []
        self.plans = {v["id"]: (v.get("generated") or {}).get("degradation") for v in videos}

    def pixels(self, video: Video, t: int, before: int, geometry: Geometry) -> Pixels:
        """Pixels of frame t; before: the frame that it is compared with."""
        found = self.dataset.frame_instances(video, t)
        kept = ~found.iscrowd
        ids, masks = found.track_ids[kept].tolist(), found.masks[kept]
        if self.flow is None:
            moved, known = self._by_centroids(video, before, ids, masks)
            hidden = np.zeros(masks.shape[1:], bool)
        else:
            moved, known = self.flow.between(video, t, before), np.ones(len(ids), bool)
            hidden = self._hidden(video, t, before)
        flows = transform_flow(moved.astype(np.float32), geometry)
        masks = torch.from_numpy(np.ascontiguousarray(transform_masks(masks, geometry)))
        hidden = torch.from_numpy(transform_masks(hidden[None], geometry)[0].copy())
        speed = torch.zeros(flows.shape[1:])
        for mask in masks[torch.from_numpy(known)]:
            if mask.any():
                speed[mask] = flows[:, mask].mean(1).norm() / FINEST_STRIDE
        objects = masks[torch.from_numpy(known)].any(0)
        degraded = self.is_degraded(video, t)
        return Pixels(objects, masks.any(0), flows, speed, hidden & objects, degraded)

    def is_degraded(self, video: Video, t: int) -> bool:
        """Whether the generator degraded the frame; False where that is not known."""
        plan = self.plans.get(video.id)
        return bool(plan and plan[t])

    def _hidden(self, video: Video, t: int, before: int) -> np.ndarray:
        assert self.flow is not None
        if before != t - 1:
            return np.zeros((video.height, video.width), bool)
        flow = self.flow
        index = flow.index[video.id]
        return ~flow_valid(flow.generator, flow.split, index, t, backward=True)

    def _by_centroids(
        self, video: Video, before: int, ids: list[int], masks: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(H, W, 2) displacement of the objects and whether each of them is in both frames."""
        earlier = self.dataset.frame_instances(video, before)
        there = dict(zip(earlier.track_ids.tolist(), earlier.masks, strict=True))
        moved = np.zeros((video.height, video.width, 2))
        for track, mask in zip(ids, masks, strict=True):
            if track in there:
                moved[mask] = centroid(there[track]) - centroid(mask)
        return moved, np.array([track in there for track in ids], bool)


def centroid(mask: np.ndarray) -> np.ndarray:
    """(x, y) of a mask (H, W) with pixels."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def cells(pixels: Pixels, stride: int, size: torch.Size) -> Cells:
    """Cells of a level of size (height, width); an object's cell moves by the mean over its
    pixels."""

    def mean(values: Tensor) -> Tensor:
        return at_level(values.float()[None], stride, size)[0].flatten(1)

    covered = mean(pixels.objects[None])[0]
    share = covered.clamp(min=1e-6)
    weighted = torch.cat([pixels.moved, pixels.speed[None], pixels.hidden[None].float()])
    averages = mean(weighted * pixels.objects) / share
    return Cells(
        object=(covered >= COVERED).numpy(),
        background=(mean(pixels.all_objects[None])[0] == 0).numpy(),
        moved=(averages[:2].T / stride).double().numpy(),
        speed=averages[2].numpy(),
        hidden=(averages[3] >= COVERED).numpy(),
    )
