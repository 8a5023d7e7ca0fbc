"""A profile made small: every run for real, on a few short videos and for a few iterations.

A trial has folders and keys of its own, so that it never mixes with the profile's results.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .layout import TRIAL

Profile = dict[str, Any]
FRAMES = 3  # of a generated video: the first and two with a reference
SIZE = {"height": 360, "width": 640}
EXPECTED = {"videos": 60, "images": 60, "pretrain": 30, "pretrain-flow": 5, "train": 90}


def trial(
    profile: Profile,
    *,
    videos: int | None,
    frames: int | None,
    iterations: int | None,
    data_root: str | None,
    on_gpus: bool,
) -> Profile:
    """The profile with at most so many videos a split, frames a video and iterations, None: as they
    are.

    Without `data_root` a profile of recorded data gets generated ones, in the layout of
    YouTube-VIS; public weights that are not in that folder are replaced by seeded initial ones.
    Off GPUs it trains in single precision: most processors have no bf16 or fp16, and torch then
    takes minutes for one iteration.
    """
    train = profile["train"]
    if "precision" in train and not on_gpus:
        train = train | {"precision": "fp32"}
    if iterations is not None:
        few = min(iterations, train["iterations"])
        every = {"checkpoint_every": max(few // 2, 1), "log_every": 1}
        train = train | {"iterations": few, "batch_size": 1} | every
    data = recorded if "dataset" in profile["data"] else generated
    return profile | {
        "profile": f"{profile['profile']}{TRIAL}",
        "seeds": profile["seeds"][:1],
        "processes": 1,  # a batch of one cannot be shared
        "train": train,
        "data": data(profile["data"], videos, frames, data_root),
        "expected_seconds": EXPECTED | {"evaluate": 60},
    }


def generated(
    data: Profile, videos: int | None, frames: int | None, data_root: str | None
) -> Profile:
    """Generated data with fewer and shorter videos; the images for pretraining stay."""
    most = {"videos": videos, "frames": frames}
    fewer = {
        name: split | {key: min(split[key], limit) for key, limit in most.items() if limit}
        for name, split in data["videos"].items()
    }
    return data | {"videos": fewer}


def recorded(
    data: Profile, videos: int | None, frames: int | None, data_root: str | None
) -> Profile:
    """Recorded data: the first videos of each split and their first frames, or generated ones."""
    weights = {name: present(file, data_root) for name, file in data["pretrained"].items()}
    data = data | {"pretrained": weights}
    if videos is not None:
        data |= {"limit_videos": videos, "holdout_videos": videos}
    if frames is not None:
        data |= {"limit_frames": frames}
    if data_root is None:
        count = 2 * (videos or data["holdout_videos"])  # as many to train on as are held out
        data |= {"generated": {"seed": 0, "videos": count, "frames": FRAMES, **SIZE}}
    return data


def present(file: str, data_root: str | None) -> str | None:
    """The file's name if the data folder has it."""
    return file if data_root is not None and (Path(data_root) / file).is_file() else None


def notes(profile: Profile) -> list[str]:
    """What a trial does otherwise than the profile, loudly."""
    data = profile["data"]
    lines = [f"TRIAL {profile['profile']}: its numbers mean nothing."]
    if "generated" in data:
        shape = "{videos} generated videos of {frames} frames, {width} x {height}"
        lines.append("TRIAL data: " + shape.format(**data["generated"]) + " (no --data-root)")
    if profile["train"].get("precision") == "fp32":
        lines.append("TRIAL precision: fp32, without GPUs")
    missing = [name for name, file in data.get("pretrained", {}).items() if file is None]
    if missing:
        lines.append(f"TRIAL weights: SEEDED INITIAL WEIGHTS, none pretrained: {' '.join(missing)}")
    return lines
