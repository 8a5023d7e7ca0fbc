"""Online inference: frame by frame, the previous frame as reference; tracks at the end.

Several videos are stepped side by side, which is faster and changes nothing for any of them.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor

from tpr.data.transforms import Geometry, resize_to_short_edge, transform_image
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.devices.tf32 import allow_tf32
from tpr.evaluation.submission import write_results
from tpr.inference.cuda_graph import use_cuda_graph
from tpr.inference.gate_log import GateLog
from tpr.inference.playback import Playback, Seen
from tpr.models.build import Builder, build_model
from tpr.models.vis_model import VISModel
from tpr.parallel.distributed import device, is_main
from tpr.parallel.hang_watch import doing
from tpr.parallel.result_shards import ResultShards
from tpr.progress_log import Log
from tpr.references.choice import PREVIOUS, SELF, choice_of
from tpr.references.online import online_reference
from tpr.routing import Frame, stack
from tpr.weights import checkpoint


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
    "recursive", "detections": test settings of the head, and where asked for "cuda_graph": true and
    "reference": see tpr.references}}; temporal: see `build_model`.

    Several processes share the videos, always in the same groups, so that the files are the same
    for any number of them. What an interrupted call has finished is not done again.
    """
    settings = spec["infer"]
    model = load_model(spec, len(dataset.categories), weights, temporal=temporal)
    groups = list(side_by_side(dataset.videos, settings["batch"]))
    shards = ResultShards(out, fingerprint(spec, dataset, weights), len(groups))
    if shards.damaged:
        log.info(f"{shards.damaged} pieces of an earlier call are damaged: made again")
    for index in shards.missing:
        begin, opened = time.perf_counter(), GateLog()
        entries = track_videos(model, dataset, groups[index], settings, opened)
        seconds = time.perf_counter() - begin - opened.seconds
        shards.write(index, {"entries": entries, "gates": opened.rows, "seconds": seconds})
        done = sum(len(groups[i]) for i in shards.finished())
        log.progress(done, len(dataset.videos), tracks=len(entries))
    shards.wait()
    return merge(shards, dataset, out) if is_main() else {}


def fingerprint(spec: dict[str, Any], dataset: YouTubeVIS, weights: Path) -> str:
    """Checksum of everything that the results depend on."""
    content = [spec, dataset.fingerprint, hashlib.sha256(weights.read_bytes()).hexdigest()]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def merge(shards: ResultShards, dataset: YouTubeVIS, out: Path) -> dict[str, Any]:
    """Writes the results of all videos, in order; returns the stage's metrics."""
    entries, opened, seconds = [], GateLog(), 0.0
    for shard in shards.read():
        entries += shard["entries"]
        opened.rows += shard["gates"]
        seconds += shard["seconds"]
    write_results(out / "results.json", entries)
    opened.write(out / "gates.json")
    shards.remove()
    frames = sum(name is not None for video in dataset.videos for name in video.file_names)
    return {
        "frames": frames,
        "frames_per_second": frames / seconds,  # of one process
        **opened.summary(),
    }


def load_model(
    spec: dict[str, Any],
    num_classes: int,
    weights: Path,
    *,
    temporal: Mapping[str, Builder] | None = None,
    base: Path | None = None,
) -> VISModel:
    """A trained model with the test settings of its head; spec and temporal as in `infer`, base as
    in `checkpoint.load_weights`."""
    model = build_for_test(spec, num_classes, temporal=temporal)
    checkpoint.load_weights(model, weights, base=base)
    allow_tf32(device())
    model.to(device()).to(memory_format=torch.channels_last).eval()
    if spec["infer"].get("cuda_graph"):
        use_cuda_graph(model)
    return model


def build_for_test(
    spec: dict[str, Any], num_classes: int, *, temporal: Mapping[str, Builder] | None = None
) -> VISModel:
    """The model without its weights, with the test settings of its head."""
    head = spec["model"]["head"] | spec["infer"]["detections"]
    return build_model(spec["model"] | {"head": head}, num_classes, temporal=temporal)


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

    opened: log of the gates of frames that have a reference.
    """
    refer = online_reference(settings, dataset, model)
    playbacks = [Playback(video, refer) for video in videos]
    for t in range(max(video.length for video in videos)):
        active = [p for p in playbacks if p.has_frame(t)]
        if not active:
            continue
        doing(f"tracking objects in frame {t} of video {active[0].video.id}")
        refined = [p for p in active if p.previous is not None or settings["first_frame"] == "self"]
        pictures = [dataset.read_frame(p.video, t) for p in active]
        advance(model, active, t, pictures, settings)
        if refined:
            opened.add([(p.video.id, t) for p in refined], model.gates)
    ids = [category.id for category in dataset.categories]
    return [entry for p in playbacks for entry in p.entries(ids, p.video.length)]


def advance(
    model: VISModel,
    playbacks: Sequence[Playback],
    t: int,
    pictures: Sequence[np.ndarray],
    settings: dict[str, Any],
) -> list[list[Seen]]:
    """Processes frame t of videos of one size; returns the tracks that each video then shows.

    pictures: uint8 RGB (H, W, 3), one for each video; settings: spec["infer"] of `infer`.
    """
    for one in playbacks:
        one.time = t
    images = torch.cat([resized(picture, settings) for picture in pictures])
    detections = run_network(model, images, playbacks, settings)
    return [one.add(t, found) for one, found in zip(playbacks, detections, strict=True)]


def run_network(
    model: VISModel, images: Tensor, playbacks: Sequence[Playback], settings: dict[str, Any]
) -> list[Instances]:
    """Detections in a frame of each video; images: uint8 (N, 3, h, w)."""
    frame = refine(model, images, playbacks, settings)
    return model.detect(frame, (images.shape[-2], images.shape[-1]))


def network_input(dataset: YouTubeVIS, video: Video, t: int, settings: dict[str, Any]) -> Tensor:
    """A video's frame resized for the network: uint8 (1, 3, h, w), on the CPU."""
    return resized(dataset.read_frame(video, t), settings)


def resized(picture: np.ndarray, settings: dict[str, Any]) -> Tensor:
    """uint8 RGB (H, W, 3) -> uint8 (1, 3, h, w), on the CPU."""
    height, width = resize_to_short_edge(
        picture.shape[:2], settings["short_edge"], settings["longest"]
    )
    return transform_image(picture, Geometry(height, width, False))[None]


@torch.no_grad()
def refine(
    model: VISModel, images: Tensor, playbacks: Sequence[Playback], settings: dict[str, Any]
) -> Frame:
    """The refined frames; each playback keeps what its next frame gets as reference.

    first_frame: "skip" leaves the temporal module out on a video's first frame (as the release),
    "self" gives it the frame itself as reference, as nothing else is known yet. recursive: the
    reference is the previous frame's refined pyramid (paper), otherwise its raw one. reference:
    what a control gets in its place.
    """
    raw = model.frames(images)
    if settings["first_frame"] == "self":
        for i, playback in enumerate(playbacks):
            playback.previous = playback.previous or raw.rows(slice(i, i + 1))
    previous = {i: one.previous for i, one in enumerate(playbacks) if one.previous is not None}
    known = list(previous)
    frame = raw
    if known:
        query = raw if len(known) == len(playbacks) else raw.rows(known)
        size = (images.shape[-2], images.shape[-1])
        chosen = [playbacks[i] for i in known]
        reference = query if choice_of(settings) == SELF else references(chosen, size, settings)
        frame = raw.with_rows(known, model.refine(query, reference).pyramid)
    for i, playback in enumerate(playbacks):
        playback.previous = (frame if settings["recursive"] else raw).rows(slice(i, i + 1))
    return frame


def references(
    playbacks: Sequence[Playback], size: tuple[int, int], settings: dict[str, Any]
) -> Frame:
    """The videos' previous frames, or what replaces them in controls; size: of the network's
    input."""
    frames: list[Frame] = []
    for one in playbacks:
        assert one.previous is not None
        if one.refer is not None:
            frames.append(one.refer(one.video, one.time, one.previous, size))
        elif choice_of(settings) != PREVIOUS:
            raise ValueError(
                f"this model is a control with the reference {choice_of(settings)!r}, which only "
                "the evaluation of a data set can give it"
            )
        else:
            frames.append(one.previous)
    return stack(frames)
