"""A video that is being processed: its tracker, its tracks so far, the frame that comes as
reference."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from detectron2.structures import Instances

from tpr.data.rle import encode
from tpr.data.youtube_vis import Video
from tpr.models.masks import video_masks
from tpr.models.tracking import Tracker
from tpr.references.online import OnlineReference
from tpr.routing import Frame


class Seen(NamedTuple):
    """A track in one frame: its mask (H, W) bool at the video's size, score and class index."""

    track: int
    mask: np.ndarray
    score: float
    category: int


class Collected:
    """The detections of one track over a video: masks, scores and classes."""

    def __init__(self) -> None:
        self.segmentations: dict[int, dict] = {}
        self.scores: list[float] = []
        self.classes: Counter[int] = Counter()

    def add(self, t: int, segmentation: dict, score: float, category: int) -> None:
        self.segmentations[t] = segmentation
        self.scores.append(score)
        self.classes[category] += 1

    @property
    def category(self) -> int:
        """The most frequent class, the first of equals."""
        return min(self.classes, key=lambda c: (-self.classes[c], c))

    def entry(self, video_id: int, category_ids: Sequence[int], length: int) -> dict[str, Any]:
        """results.json entry: mean score and most frequent class, as MaskTrack R-CNN's."""
        return {
            "video_id": video_id,
            "category_id": category_ids[self.category],
            "score": float(np.mean(self.scores)),
            "segmentations": [self.segmentations.get(t) for t in range(length)],
        }


class Playback:
    """A video being processed: its tracker, its tracks, and the frame that serves as the next
    reference.

    Of all other frames it keeps the tracks' run lengths only. refer: replaces the previous frame in
    controls (see `online_reference`).
    """

    def __init__(self, video: Video, refer: OnlineReference | None = None) -> None:
        self.video, self.refer = video, refer
        self.time = 0  # of the frame that is being processed
        self.tracker = Tracker()
        self.tracks: dict[int, Collected] = defaultdict(Collected)
        self.previous: Frame | None = None

    def has_frame(self, t: int) -> bool:
        return t < self.video.length and self.video.file_names[t] is not None

    def add(self, t: int, found: Instances) -> list[Seen]:
        """Adds a frame's detections, with masks of the video's size; returns the tracks that this
        frame shows.

        If two detections have one id, the mask of the later, better one stays.
        """
        boxes = found.pred_boxes.tensor
        ids = self.tracker.step(boxes, found.scores, found.pred_classes, found.embedding)
        masks = video_masks(found, (self.video.height, self.video.width)).cpu().numpy()
        # In one transfer, as each waits for the GPU.
        numbers = torch.stack([found.scores.double(), found.pred_classes], 1).tolist()
        seen: dict[int, Seen] = {}
        for track, mask, (score, category) in zip(ids.tolist(), masks, numbers, strict=True):
            if track >= 0:
                self.tracks[track].add(t, encode(mask), score, int(category))
                seen[track] = Seen(track, mask, score, int(category))
        return list(seen.values())

    def entries(self, category_ids: Sequence[int], length: int) -> list[dict[str, Any]]:
        """Its tracks as results.json entries of a video of `length` frames."""
        return [x.entry(self.video.id, category_ids, length) for x in self.tracks.values()]
