"""Every tracker of baselines.tracking, and every propagator of baselines.propagation, on the same
detections of a trained model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from detectron2.structures import Instances
from torch import Tensor

from baselines.propagation.registry import PROPAGATORS
from baselines.propagation.view import mask_overlaps
from baselines.registry import BASELINES
from baselines.tracking.detections import Detections
from baselines.tracking.matching import best_pairs
from baselines.tracking.oracle import true_ids
from baselines.tracking.registry import TRACKERS
from experiments.pipeline.measures import percent
from experiments.pipeline.propagation import CarriedMasks, exact_flow, sampled_by
from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from tpr.data.rle import encode
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.evaluation.draws import pack_draws
from tpr.evaluation.inputs import Truth, read_truth
from tpr.evaluation.kept_matches import keep_matches
from tpr.evaluation.submission import write_results
from tpr.evaluation.video_ap import evaluate
from tpr.inference.online import advance, fingerprint, load_model, side_by_side
from tpr.inference.playback import Collected, Playback, Seen
from tpr.models.masks import video_masks
from tpr.models.vis_model import VISModel
from tpr.parallel.distributed import is_main
from tpr.parallel.hang_watch import doing
from tpr.parallel.result_shards import ResultShards
from tpr.probes.listening import Heard, listening
from tpr.progress_log import Log
from tpr.references.exact_flow import ExactFlow
from tpr.references.online import online_reference

SHOWN = 0.5  # IoU of single masks at which a detection shows a true object, as switches count it
TRUE_MASKS = "true-masks"  # as the tracker true-ids, with the masks of the objects that are shown


class DetectedClip(Playback):
    """A video whose detections are kept as they come, for trackers to have them all.

    frames: those that are there, with `times`; masks: run lengths by frame and detection;
    true_masks: the same, but of the true object where a detection shows one. carried: what
    propagators, to whom frames are shown as they come, have made of them so far; picture, sampled:
    the frame that is being processed, and where the temporal module read the one before.
    """

    def __init__(
        self,
        video: Video,
        dataset: YouTubeVIS,
        settings: Spec,
        model: VISModel,
        exact: ExactFlow | None = None,
    ) -> None:
        super().__init__(video, online_reference(settings, dataset, model))
        self.dataset = dataset
        self.times: list[int] = []
        self.frames: list[Detections] = []
        self.masks: list[list[dict[str, Any]]] = []
        self.true_masks: list[list[dict[str, Any]]] = []
        self.objects: dict[int, int] = {}  # number of a true object by its id
        self.carried = CarriedMasks(video, exact)
        self.picture: np.ndarray | None = None
        self.sampled: Callable[[], Tensor | None] = lambda: None

    def add(self, t: int, found: Instances) -> list[Seen]:
        masks = video_masks(found, (self.video.height, self.video.width)).cpu().numpy()
        classes = found.pred_classes
        self.times.append(t)
        self.masks.append([encode(mask) for mask in masks])
        shown, true = self._shown(t, masks, classes.cpu().numpy())
        self.true_masks.append([true.get(row, own) for row, own in enumerate(self.masks[-1])])
        boxes = found.pred_boxes.tensor
        detections = Detections(boxes, found.scores, classes, found.embedding, shown)
        self.frames.append(detections)
        assert self.previous is not None  # this frame, kept as the next one's reference
        assert self.picture is not None
        pyramid = self.previous.pyramid
        self.carried.add(t, self.picture, found, detections, masks, pyramid, self.sampled())
        return []

    def _shown(
        self, t: int, masks: np.ndarray, classes: np.ndarray
    ) -> tuple[Tensor, dict[int, dict[str, Any]]]:
        """The number of the true object (N,) that each detection shows, -1 for none, and by
        detection that object's mask. Of several on one object one of its class is taken first, then
        the one that covers it best."""
        true = self.dataset.frame_instances(self.video, t)
        kept = ~true.iscrowd
        iou = mask_overlaps(*map(torch.from_numpy, (masks, true.masks[kept])))[1].numpy()
        same = classes[:, None] == true.classes[kept]
        shown = torch.full((len(masks),), -1, dtype=torch.long)
        ids, its_masks = true.track_ids[kept].tolist(), true.masks[kept]
        covered: dict[int, dict[str, Any]] = {}
        for row, column in best_pairs((iou + same) / 2, iou >= SHOWN):
            shown[row] = self.objects.setdefault(ids[column], len(self.objects))
            covered[row] = encode(its_masks[column])
        return shown, covered

    def tracked(
        self,
        ids: Sequence[Tensor],
        category_ids: Sequence[int],
        masks_of: Sequence[list[dict[str, Any]]],
    ) -> list[Record]:
        """results.json entries of a tracker's ids, as `Playback` makes them, with `masks` or
        `true_masks`."""
        tracks: dict[int, Collected] = defaultdict(Collected)
        for t, frame, masks, own in zip(self.times, self.frames, masks_of, ids, strict=True):
            numbers = torch.stack([frame.scores.double(), frame.classes], 1).tolist()
            for id, mask, (score, category) in zip(own.tolist(), masks, numbers, strict=True):
                if id >= 0:
                    tracks[id].add(t, mask, score, int(category))
        video = self.video
        return [one.entry(video.id, category_ids, video.length) for one in tracks.values()]


def associate(
    spec: Spec, dataset: YouTubeVIS, weights: Path, ground_truth: Path, out: Path, log: Log
) -> Record:
    """Finds objects once and carries them by every tracker: out/<tracker>.json as results.json,
    out/<tracker>.npz.xz as matches, and what each is worth. spec: as that of an evaluation, where
    asked for with how many of the first "videos"."""
    settings, videos = spec["infer"], dataset.videos[: spec.get("videos")]
    cv2.setNumThreads(1)  # the parts of flows are so small that more would only wait for each other
    model = load_model(spec, len(dataset.categories), weights, temporal=BASELINES)
    groups = list(side_by_side(videos, settings["batch"]))
    shards = ResultShards(out, fingerprint(spec, dataset, weights), len(groups))
    for index in shards.missing:
        clips = detect(model, dataset, groups[index], settings)
        shards.write(index, tracked_by_all(clips, dataset))
        done = sum(len(groups[i]) for i in shards.finished())
        log.progress(done, len(videos))
    shards.wait()
    if not is_main():
        return {}
    found: dict[str, list[Record]] = defaultdict(list)
    for piece in shards.read():
        for name, entries in piece.items():
            found[name] += entries
    truth, numbers, ids = read_truth(ground_truth), {}, [video.id for video in videos]
    for name, entries in found.items():
        log.info(f"evaluating {name}")
        write_results(out / f"{name}.json", entries)
        matches = out / f"{name}.npz.xz"
        numbers[name] = worth(truth, out / f"{name}.json", spec["evaluation"], matches, ids)
    shards.remove()
    return {"trackers": numbers}


def detect(
    model: VISModel, dataset: YouTubeVIS, videos: Sequence[Video], settings: Spec
) -> list[DetectedClip]:
    """Detections in videos of one size; absent frames are skipped."""
    exact = exact_flow(dataset)
    clips = [DetectedClip(video, dataset, settings, model, exact) for video in videos]
    for t in range(max(video.length for video in videos)):
        active = [clip for clip in clips if clip.has_frame(t)]
        if active:
            doing(f"finding objects in frame {t} of video {active[0].video.id}")
            pictures = [dataset.read_frame(clip.video, t) for clip in active]
            for clip, picture in zip(active, pictures, strict=True):
                clip.picture = picture
            with listening(model.temporal) if model.temporal else nullcontext() as heard:
                let_see(model, active, heard, settings)
                advance(model, active, t, pictures, settings)
    return clips


def let_see(
    model: VISModel, active: Sequence[DetectedClip], heard: Heard | None, settings: Spec
) -> None:
    """Tells each clip where to find what the coming call of the temporal module samples: the module
    gets those that have a reference, in one batch."""
    own = settings["first_frame"] == "self"
    refined = [clip for clip in active if own or clip.previous is not None]
    for row, clip in enumerate(refined):
        if model.temporal is not None and heard is not None:
            clip.sampled = partial(sampled_by, model.temporal, heard, row)


def tracked_by_all(clips: Sequence[DetectedClip], dataset: YouTubeVIS) -> dict[str, list[Record]]:
    """results.json entries of the clips by tracker, with true ids and masks, and by propagator."""
    ids = [category.id for category in dataset.categories]
    tracked = {
        name: [one for clip in clips for one in clip.tracked(tracker(clip.frames), ids, clip.masks)]
        for name, tracker in TRACKERS.items()
    }
    tracked[TRUE_MASKS] = [
        one for clip in clips for one in clip.tracked(true_ids(clip.frames), ids, clip.true_masks)
    ]
    carried = {
        name: [one for clip in clips for one in clip.carried.entries(name, ids)]
        for name in PROPAGATORS
        if all(name in clip.carried.propagators for clip in clips)
    }
    return tracked | carried


def worth(
    truth: Truth,
    results: Path,
    settings: Spec,
    matches: Path,
    video_ids: Sequence[int] | None = None,
) -> Record:
    """Of these videos, None for all: AP, AR, HOTA and its parts in percent, numbers of switches,
    and the draws of AP that belong to the evaluation's bootstrap. The matches that all of it
    follows from are written to the file `matches`."""
    found = evaluate(truth, results, video_ids=video_ids, errors=True, hota=True)
    assert found.errors and found.tracking
    keep_matches(matches, found, None)
    draws = found.bootstrap(settings["bootstrap"], settings["bootstrap_seed"])
    return {
        **{name: percent(value) for name, value in found.stats.items()},
        **{name: 100 * float(value[0]) for name, value in found.tracking.numbers().items()},
        "identity_switches": int(found.errors.switches.sum()),
        "fragmentations": int(found.errors.fragmentations.sum()),
        "AP_draws": pack_draws(draws),
        "videos": len(found.video_ids),
    }
