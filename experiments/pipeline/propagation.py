"""Every propagator of baselines.propagation on a clip, frame by frame as its detections come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor, nn

from baselines.propagation.motion import EXACT, FLOW, SAMPLING, dense_flow, of_level
from baselines.propagation.registry import OF_GENERATED, PROPAGATORS
from baselines.propagation.view import View
from baselines.tracking.detections import Detections
from experiments.stages.json_files import Record
from tpr.data.mini.generate import INFO
from tpr.data.rle import encode
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.inference.playback import Collected
from tpr.probes.listening import Heard, flow_of
from tpr.references.exact_flow import ExactFlow
from tpr.routing import Pyramid
from tpr.routing.warp import stride_of

LEVEL = "p3"  # the finest


class CarriedMasks:
    """A video's tracks by propagator. exact: the exact flow of generated videos; without it the
    propagators that need it are left out."""

    def __init__(self, video: Video, exact: ExactFlow | None) -> None:
        self.video, self.exact = video, exact
        left_out = OF_GENERATED if exact is None else frozenset[str]()
        self.propagators = {
            name: new() for name, new in PROPAGATORS.items() if name not in left_out
        }
        self.tracks = {name: defaultdict[int, Collected](Collected) for name in self.propagators}
        self.before: tuple[int, np.ndarray] | None = None  # the frame before: its time and picture

    def add(
        self,
        t: int,
        picture: np.ndarray,
        found: Instances,
        detections: Detections,
        masks: np.ndarray,
        pyramid: Pyramid,
        sampled: Tensor | None,
    ) -> None:
        """Detections of a frame, its picture (H, W, 3), with their masks (N, H, W) at the video's
        size. pyramid: the frame's, of one row; sampled: where the temporal module read the frame
        before, (2, h, w) in cells of LEVEL, None where it did not."""
        view = View(
            detections,
            torch.from_numpy(masks),
            pyramid[LEVEL][0],
            stride_of(LEVEL),
            found.image_size,
            self._motion(t, picture, found.image_size, sampled),
        )
        for name, propagator in self.propagators.items():
            for one in propagator.step(view):
                self.tracks[name][one.track].add(t, encode(one.mask), one.score, one.category)

    def _motion(
        self, t: int, picture: np.ndarray, network: tuple[int, int], sampled: Tensor | None
    ) -> dict[str, Tensor]:
        """By source, to the frame before; nothing for the first frame."""
        before, self.before = self.before, (t, picture)
        if before is None:
            return {}
        size = picture.shape[0], picture.shape[1]
        motion = {FLOW: dense_flow(picture, before[1])}
        if sampled is not None:
            motion[SAMPLING] = of_level(sampled, stride_of(LEVEL), network, size)
        if self.exact is not None:
            moved = self.exact.between(self.video, t, before[0]).transpose(2, 0, 1)
            motion[EXACT] = torch.from_numpy(np.ascontiguousarray(moved, np.float32))
        return motion

    def entries(self, name: str, category_ids: Sequence[int]) -> list[Record]:
        """results.json entries of a propagator's tracks."""
        video = self.video
        tracks = self.tracks[name].values()
        return [one.entry(video.id, category_ids, video.length) for one in tracks]


def exact_flow(dataset: YouTubeVIS) -> ExactFlow | None:
    """That of generated videos, None for recorded ones."""
    return ExactFlow(dataset) if (dataset.path.parent / INFO).is_file() else None


def sampled_by(temporal: nn.Module, heard: Heard, row: int) -> Tensor | None:
    """Where the latest call of a temporal module read the frame before, in one row of its batch:
    (2, h, w), (dx, dy) in cells of LEVEL. None for a module that reads it in place."""
    found = flow_of(temporal) | heard.displacement
    return found[LEVEL][row] if LEVEL in found else None
