"""A tiny data set and model for tests that really train."""

from pathlib import Path

from tpr.data.mini import generate
from tpr.data.youtube_vis import YouTubeVIS

SPLIT = {"videos": 3, "frames": 4, "height": 64, "width": 96}
MODEL = {
    "backbone": {
        "depths": [1, 1, 1, 1],
        "block": "basic",
        "stem_channels": 8,
        "res2_channels": 8,
        "relu": True,
    },
    "channels": 64,
    "head": {
        "name": "blendmask",
        "attention": 4,
        "resolution": 14,
        "fcos": {"depth": 1, "ranges": [16, 32, 64, 128]},
        "basis": {"width": 16, "norm": "GN"},
    },
    "track": {"embedding": 16},
    "temporal": {"name": "tpr", "dacr": {}, "cpr": {"scale_init": 0.1}},
    "pixel_std": [57.0, 57.0, 57.0],
    "budget_weight": 0.1,
}
TRAIN = {
    "iterations": 6,
    "batch_size": 2,
    "short_edge": [56, 72],
    "flip": 0.5,
    "reference_range": 3,
    "freeze": 2,
    "optimizer": {"name": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 1e-4},
    "schedule": {"name": "steps", "warmup": 2, "milestones": [0.67, 0.92]},
    "clip": 10.0,
    "checkpoint_every": 2,
    "log_every": 1,
}
INFER = {
    "batch": 2,
    "short_edge": 64,
    "longest": None,
    "first_frame": "self",
    "recursive": True,
    "detections": {"threshold": 0.0, "top_after": 3},
}


def make_dataset(folder: Path, split: str = "train") -> YouTubeVIS:
    generate(folder, {split: SPLIT}, seed=0)
    return YouTubeVIS(folder / f"{split}.json", folder / "frames" / split)
