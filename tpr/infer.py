"""Online inference: frame by frame, the previous frame as reference; tracks at the end.

Several videos are stepped side by side, which is faster and changes nothing for any of them.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor

from . import checkpoint
from .data.rle import encode
from .data.transforms import Geometry, resize_to_short_edge, transform_image
from .data.youtube_vis import Video, YouTubeVIS
from .evaluation.submission import write_results
from .gate_log import GateLog
from .models.build import Builder, build_model
from .models.masks import video_masks
from .models.tracking import Tracker
from .models.vis_model import VISModel
from .routing import Frame, stack
from .train import Log


class Track:
    """What one object collected over a video: masks, and its detections' scores and classes."""

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


class Playback:
    """A video being processed: its tracker, its tracks, and the frame that comes as reference."""

    def __init__(self, video: Video) -> None:
        self.video = video
        self.tracker = Tracker()
        self.tracks: dict[int, Track] = defaultdict(lambda: Track(video.length))
        self.previous: Frame | None = None

    def has_frame(self, t: int) -> bool:
        return t < self.video.length and self.video.file_names[t] is not None

    def add(self, t: int, found: Instances) -> None:
        """Adds a frame's detections, with masks of the video's size.

        Of two detections with one id the later, better one's mask stays.
        """
        boxes = found.pred_boxes.tensor
        ids = self.tracker.step(boxes, found.scores, found.pred_classes, found.embedding)
        masks = video_masks(found, (self.video.height, self.video.width))
        scores, classes = found.scores.tolist(), found.pred_classes.tolist()
        for i, track in enumerate(ids.tolist()):
            if track >= 0:
                self.tracks[track].add(t, encode(masks[i].numpy()), scores[i], classes[i])


def infer(
    spec: dict[str, Any],
    dataset: YouTubeVIS,
    weights: Path,
    out: Path,
    log: Log,
    *,
    temporal: Mapping[str, Builder] | None = None,
) -> dict[str, Any]:
    """Runs a trained model over all videos; writes out/results.json and, of gates, out/gates.json.

    spec: {"model", "infer": {"batch": videos side by side, "short_edge", "longest", "first_frame",
    "recursive", "detections": test settings of the head}}; temporal: see `build_model`.
    """
    settings = spec["infer"]
    head = spec["model"]["head"] | settings["detections"]
    model = build_model(spec["model"] | {"head": head}, len(dataset.categories), temporal=temporal)
    checkpoint.load_weights(model, weights)
    model = model.to(memory_format=torch.channels_last).eval()
    entries, opened, begin = [], GateLog(), time.perf_counter()
    done = 0
    for videos in side_by_side(dataset.videos, settings["batch"]):
        entries += track_videos(model, dataset, videos, settings, opened)
        done += len(videos)
        log.progress(done, len(dataset.videos), tracks=len(entries))
    seconds = time.perf_counter() - begin
    write_results(out / "results.json", entries)
    opened.write(out / "gates.json")
    frames = sum(name is not None for video in dataset.videos for name in video.file_names)
    return {
        "frames": frames,
        "frames_per_second": frames / seconds,
        **opened.summary(),
    }


def side_by_side(videos: Sequence[Video], batch: int) -> Iterator[list[Video]]:
    """Consecutive videos of one size, at most `batch` at a time."""
    for _, group in itertools.groupby(videos, lambda v: (v.height, v.width)):
        same_size = list(group)
        for first in range(0, len(same_size), batch):
            yield same_size[first : first + batch]


def track_videos(
    model: VISModel,
    dataset: YouTubeVIS,
    videos: Sequence[Video],
    settings: dict[str, Any],
    opened: GateLog,
) -> list[dict[str, Any]]:
    """results.json entries of videos of one size; absent frames are skipped and stay null.

    opened collects what the gates of the frames that have a reference did.
    """
    playbacks = [Playback(video) for video in videos]
    for t in range(max(video.length for video in videos)):
        active = [p for p in playbacks if p.has_frame(t)]
        if not active:
            continue
        images = torch.cat([network_input(dataset, p.video, t, settings) for p in active])
        refined = [p for p in active if p.previous is not None or settings["first_frame"] == "self"]
        frame = refine(model, images, active, settings)
        if refined:
            opened.add([(p.video.id, t) for p in refined], model.gates)
        for playback, found in zip(active, model.detect(frame, images.shape[-2:]), strict=True):
            playback.add(t, found)
    ids = [category.id for category in dataset.categories]
    return [x.entry(p.video.id, ids) for p in playbacks for x in p.tracks.values()]


def network_input(dataset: YouTubeVIS, video: Video, t: int, settings: dict[str, Any]) -> Tensor:
    """The frame resized for the network: uint8 (1, 3, h, w)."""
    size = (video.height, video.width)
    height, width = resize_to_short_edge(size, settings["short_edge"], settings["longest"])
    return transform_image(dataset.read_frame(video, t), Geometry(height, width, False))[None]


@torch.no_grad()
def refine(
    model: VISModel, images: Tensor, playbacks: Sequence[Playback], settings: dict[str, Any]
) -> Frame:
    """The refined frames; each playback keeps what its next frame gets as reference.

    first_frame: "skip" leaves the temporal module out on a video's first frame (as the release),
    "self" gives it the frame itself as reference, as nothing else is known yet. recursive: the
    reference is the previous frame's refined pyramid (paper), otherwise its raw one.
    """
    raw = model.frames(images)
    if settings["first_frame"] == "self":
        for i, playback in enumerate(playbacks):
            playback.previous = playback.previous or raw.rows([i])
    known = [i for i, playback in enumerate(playbacks) if playback.previous is not None]
    frame = raw
    if known:
        reference = stack([playbacks[i].previous for i in known])
        frame = replace_rows(raw, known, model.refine(raw.rows(known), reference))
    for i, playback in enumerate(playbacks):
        playback.previous = (frame if settings["recursive"] else raw).rows([i])
    return frame


def replace_rows(frame: Frame, index: list[int], refined: Frame) -> Frame:
    """`frame` with the pyramids of some videos replaced by refined ones."""
    if len(index) == len(frame.image):
        return refined
    rows = torch.tensor(index)
    pyramid = {k: x.index_copy(0, rows, refined.pyramid[k]) for k, x in frame.pyramid.items()}
    return Frame(pyramid, frame.image)
