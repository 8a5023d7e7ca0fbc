"""Online inference: frame by frame, the previous frame as reference, tracks assembled at the end."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.layers.mask_ops import paste_masks_in_image
from detectron2.structures import Instances

from . import checkpoint
from .data.rle import encode
from .data.transforms import Geometry, resize_to_short_edge, transform_image
from .data.youtube_vis import Video, YouTubeVIS
from .evaluation.submission import write_results
from .models.build import build_model
from .models.tracking import Tracker
from .models.vis_model import VISModel
from .routing import Frame, open_fraction
from .train import Log


class Track:
    """What one object collected over a video: a mask a frame, scores and classes of its detections."""

    def __init__(self, length: int) -> None:
        self.segmentations: list[dict | None] = [None] * length
        self.scores: list[float] = []
        self.classes: list[int] = []

    def add(self, t: int, segmentation: dict, score: float, category: int) -> None:
        self.segmentations[t] = segmentation
        self.scores.append(score)
        self.classes.append(category)

    def entry(self, video_id: int, category_ids: list[int]) -> dict[str, Any]:
        """results.json entry: mean score and most frequent class, as MaskTrack R-CNN's."""
        counts = Counter(self.classes)
        category = min(counts, key=lambda c: (-counts[c], c))
        return {
            "video_id": video_id,
            "category_id": category_ids[category],
            "score": float(np.mean(self.scores)),
            "segmentations": self.segmentations,
        }


def infer(
    spec: dict[str, Any], dataset: YouTubeVIS, weights: Path, out: Path, log: Log
) -> dict[str, Any]:
    """Runs a trained model over all videos; writes out/results.json.

    spec: {"model", "infer": {"short_edge", "longest", "first_frame", "recursive"}}.
    """
    model = build_model(spec["model"], len(dataset.categories)).eval()
    checkpoint.load_weights(model, weights)
    model = model.to(memory_format=torch.channels_last)
    entries, opened, frames, begin = [], [], 0, time.perf_counter()
    for done, video in enumerate(dataset.videos, 1):
        entries += track_video(model, dataset, video, spec["infer"], opened)
        frames += sum(name is not None for name in video.file_names)
        log.progress(done, len(dataset.videos), tracks=len(entries))
    seconds = time.perf_counter() - begin
    write_results(out / "results.json", entries)
    return {
        "frames": frames,
        "frames_per_second": frames / seconds,
        "open_fraction": float(np.mean(opened)) if opened else None,
    }


def track_video(
    model: VISModel,
    dataset: YouTubeVIS,
    video: Video,
    settings: dict[str, Any],
    opened: list[float] | None = None,
) -> list[dict[str, Any]]:
    """results.json entries of one video; absent frames are skipped and stay null.

    first_frame: "skip" leaves the temporal module out on the first frame (as the release), "self"
    gives it the frame itself as reference, as nothing else is known yet. recursive: the reference is
    the previous frame's refined pyramid (paper), otherwise its raw one.
    """
    tracker = Tracker()
    tracks: dict[int, Track] = defaultdict(lambda: Track(video.length))
    previous: Frame | None = None
    for t in range(video.length):
        if video.file_names[t] is None:
            continue
        image = network_input(dataset, video, t, settings)
        frame, previous = refine(model, image, previous, settings)
        if model.gates and opened is not None:
            opened.append(open_fraction(model.gates).mean().item())
        found = model.detect(frame, tuple(image.shape[-2:]))[0]
        ids = tracker.step(found.pred_boxes.tensor, found.scores, found.pred_classes, found.embedding)
        add_detections(tracks, t, found, ids.tolist(), (video.height, video.width))
    category_ids = [category.id for category in dataset.categories]
    return [track.entry(video.id, category_ids) for track in tracks.values()]


def network_input(
    dataset: YouTubeVIS, video: Video, t: int, settings: dict[str, Any]
) -> torch.Tensor:
    """The frame resized for the network: uint8 (1, 3, h, w)."""
    size = (video.height, video.width)
    height, width = resize_to_short_edge(size, settings["short_edge"], settings["longest"])
    return transform_image(dataset.read_frame(video, t), Geometry(height, width, False))[None]


@torch.no_grad()
def refine(
    model: VISModel, image: torch.Tensor, previous: Frame | None, settings: dict[str, Any]
) -> tuple[Frame, Frame]:
    """The refined frame, and what the next frame gets as its reference."""
    raw = model.frames(image)
    if previous is None and settings["first_frame"] == "self":
        previous = raw
    frame = raw if previous is None else model.refine(raw, previous)
    return frame, frame if settings["recursive"] else raw


def add_detections(
    tracks: dict[int, Track], t: int, found: Instances, ids: list[int], size: tuple[int, int]
) -> None:
    """Adds a frame's detections to the tracks, masks pasted at the video's (height, width).

    Masks are pasted into the unclipped box, where they were predicted (AdelaiDet squeezes them into
    the clipped one). Of two detections with one id the later, better one's mask stays.
    """
    boxes = found.pred_boxes.clone()
    boxes.scale(size[1] / found.image_size[1], size[0] / found.image_size[0])
    masks = paste_masks_in_image(found.pred_masks, boxes, size, threshold=0.5).numpy()
    scores, classes = found.scores.tolist(), found.pred_classes.tolist()
    for i, track in enumerate(ids):
        if track >= 0:
            tracks[track].add(t, encode(masks[i]), scores[i], classes[i])
