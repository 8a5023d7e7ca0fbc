"""A profile made small: every run for real, on a few short videos and for a few iterations.

A trial has folders and keys of its own, so that it never mixes with the profile's results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from experiments.declared.profiles import Profile
from experiments.declared.training_settings import (
    ChosenData,
    FineTuning,
    Generated,
    GeneratedVideos,
    OwnVideos,
    Pretraining,
    Recorded,
    Split,
)

TRIAL = "-trial"  # ends the names of profiles made small
FRAMES = 3  # of a generated video: the first and two with a reference
HEIGHT, WIDTH = 360, 640  # of one
EXPECTED = {
    "videos": 60.0,
    "images": 60.0,
    "pretrain": 30.0,
    "pretrain-flow": 5.0,
    "train": 90.0,
    "evaluate": 60.0,
    "offset-fit": 30.0,
}


def trial(
    profile: Profile,
    *,
    videos: int | None,
    frames: int | None,
    iterations: int | None,
    data_root: str | None,
    on_gpus: bool,
) -> Profile:
    """The profile reduced to at most this many videos a split, frames a video and iterations; None:
    as they are.

    Without `data_root` a profile of recorded data gets generated videos, in the layout of
    YouTube-VIS; public weights that are not in that folder are replaced by seeded initial ones.
    Without a GPU it trains in single precision: most processors have no bf16 or fp16, and torch
    then takes minutes for one iteration.
    """
    return replace(
        profile,
        name=f"{profile.name}{TRIAL}",
        seeds=profile.seeds[:1],
        plan=None,
        processes=1,  # a batch of one cannot be shared
        train=short_training(profile.train, iterations, on_gpus),
        pretrain=short_pretraining(profile, iterations),
        data=small_data(profile.data, videos, frames, data_root),
        expected_seconds=EXPECTED,
    )


def short_training(train: FineTuning, iterations: int | None, on_gpus: bool) -> FineTuning:
    short = train.copy()
    if "precision" in train and not on_gpus:
        short["precision"] = "fp32"
    if iterations is not None:
        few = min(iterations, train["iterations"])
        short["iterations"], short["batch_size"] = few, 1
        short["checkpoint_every"], short["log_every"] = max(few // 2, 1), 1
    return short


def short_pretraining(profile: Profile, iterations: int | None) -> Pretraining | None:
    """Of a user's own data; a profile's weights ship."""
    settings = profile.pretrain
    if profile.base is None or settings is None or iterations is None:
        return settings
    short = settings.copy()
    if isinstance(settings["iterations"], int):
        short["iterations"] = min(iterations, settings["iterations"])
    return short


def small_data(
    data: Generated | Recorded | ChosenData | OwnVideos,
    videos: int | None,
    frames: int | None,
    data_root: str | None,
) -> Generated | ChosenData | OwnVideos:
    if "own" in data:
        return own(data, videos, frames, data_root)
    if "dataset" in data:
        return recorded(data, videos, frames, data_root)
    small = data.copy()  # the images for pretraining stay
    splits = data["videos"]
    small["videos"] = {
        "train": fewer(splits["train"], videos, frames),
        "val": fewer(splits["val"], videos, frames),
    }
    return small


def fewer(split: Split, videos: int | None, frames: int | None) -> Split:
    """Settings of a split with fewer and shorter generated videos."""
    small = split.copy()
    if videos:
        small["videos"] = min(split["videos"], videos)
    if frames and "frames" in split:
        small["frames"] = min(split["frames"], frames)
    return small


def recorded(
    data: Recorded | ChosenData, videos: int | None, frames: int | None, data_root: str | None
) -> ChosenData:
    """Settings of recorded data reduced to the first videos of each split and their first frames,
    or generated ones."""
    chosen = cast(ChosenData, data.copy())
    chosen["pretrained"] = present(data["pretrained"], data_root)
    if videos is not None:
        chosen["limit_videos"] = chosen["holdout_videos"] = videos
    if frames is not None:
        chosen["limit_frames"] = frames
    if data_root is None:
        # as many to train on as are held out
        count = 2 * (videos or chosen.get("holdout_videos", 1))
        chosen["generated"] = generated(count)
    return chosen


def own(
    data: OwnVideos, videos: int | None, frames: int | None, data_root: str | None
) -> OwnVideos:
    """The first videos and first frames of a user's data, and as many single images."""
    chosen = data.copy()
    if "pretrained" in data:
        chosen["pretrained"] = present(data["pretrained"], data_root)
    if videos is not None:
        chosen["limit_videos"] = videos
    if frames is not None:
        chosen["limit_frames"] = frames
    return chosen


def present(pretrained: Mapping[str, str | None], data_root: str | None) -> dict[str, str | None]:
    """The public weights that the data folder has, None for the others."""
    return {
        name: file if file is not None and is_present(file, data_root) else None
        for name, file in pretrained.items()
    }


def generated(videos: int) -> GeneratedVideos:
    return {"seed": 0, "videos": videos, "frames": FRAMES, "height": HEIGHT, "width": WIDTH}


def is_present(file: str, data_root: str | None) -> bool:
    """Whether the data folder has the file."""
    return data_root is not None and (Path(data_root) / file).is_file()


def notes(profile: Profile) -> list[str]:
    """What a trial does differently from its profile, for a reader who must not miss it."""
    data: Mapping[str, object] = profile.data
    lines = [f"TRIAL {profile.name}: its numbers mean nothing."]
    if "generated" in profile.data:
        shape = "{videos} generated videos of {frames} frames, {width} x {height}"
        lines.append(f"TRIAL data: {shape.format(**profile.data['generated'])} (no --data-root)")
    if profile.train.get("precision") == "fp32":
        lines.append("TRIAL precision: fp32, without GPUs")
    pretrained = data.get("pretrained", {})
    missing = [name for name, file in pretrained.items() if file is None]
    if missing:
        lines.append(f"TRIAL weights: SEEDED INITIAL WEIGHTS, none pretrained: {' '.join(missing)}")
    return lines
