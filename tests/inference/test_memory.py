"""What stays in memory: inference keeps one frame a video, evaluation decodes no mask to pixels."""

import gc
import tracemalloc

import numpy as np
import pytest
import torch

from benchmarks.evaluator import Blob
from experiments.stages.progress import QuietLog
from tests.helpers.tiny import INFER, MODEL, SPLIT
from tpr.data.mini import generate
from tpr.data.youtube_vis import YouTubeVIS
from tpr.evaluation import evaluate
from tpr.inference.online import infer
from tpr.models.build import build_model
from tpr.routing import Frame
from tpr.weights import checkpoint


def make_video(folder, frames):
    generate(folder, {"val": SPLIT | {"videos": 1, "frames": frames}}, seed=0)
    return YouTubeVIS(folder / "val.json", folder / "frames" / "val")


def live() -> tuple[int, int]:
    """Frames with their pyramids, and bytes of tensors, that something still refers to."""
    everything = gc.get_objects()
    frames = sum(type(x) is Frame for x in everything)
    storages = [x.untyped_storage() for x in everything if type(x) is torch.Tensor]
    return frames, sum({x.data_ptr(): x.nbytes() for x in storages}.values())


def most_alive(folder, frames, weights, monkeypatch) -> tuple[int, int]:
    """The largest of `live` at any frame of a video, beyond what was there before it."""
    dataset, seen = make_video(folder / "data", frames), []
    read = dataset.read_frame
    gc.collect()

    def counting(video, t):
        seen.append(live())
        return read(video, t)

    monkeypatch.setattr(dataset, "read_frame", counting)
    metrics = infer({"model": MODEL, "infer": INFER}, dataset, weights, folder, QuietLog())
    assert metrics["frames"] == len(seen) == frames
    return max(count for count, _ in seen[2:]), max(size for _, size in seen[2:])


def test_inference_keeps_as_much_of_a_long_video_as_of_a_short_one(tmp_path, monkeypatch):
    torch.manual_seed(0)
    weights = tmp_path / "weights.pt"
    checkpoint.save_weights(build_model(MODEL, 10), weights)
    short, long = (
        most_alive(tmp_path / str(frames), frames, weights, monkeypatch) for frames in (4, 12)
    )
    assert short[0] == long[0] <= 2, "frames of the past stay"
    assert long[1] == pytest.approx(short[1], rel=0.02), "bytes of tensors grow with the video"


def track(blob, rng, frames):
    masks = [blob.mask(t % 20, 0.5, rng) for t in range(frames)]
    return {"video_id": 1, "category_id": 1, "segmentations": masks}


def test_evaluation_of_a_long_video_decodes_no_mask_to_pixels():
    """12 tracks of 60 frames of 1280x720 have 633 MB of pixels."""
    rng = np.random.default_rng(0)
    frames, discs = 60, [Blob(rng) for _ in range(4)]
    truths = [
        track(disc, rng, frames) | {"id": k, "iscrowd": 0, "areas": [1] * frames}
        for k, disc in enumerate(discs, 1)
    ]
    results = [track(Blob(rng, disc), rng, frames) | {"score": 0.5} for disc in discs * 2]
    video = {"id": 1, "height": 720, "width": 1280, "length": frames}
    categories = [{"id": 1, "name": "disc"}]
    content = {"videos": [video], "categories": categories, "annotations": truths}
    tracemalloc.start()
    try:
        stats = evaluate(content, results).stats
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert stats["AP50"] > 0.5
    assert peak < 633e6 / 40
