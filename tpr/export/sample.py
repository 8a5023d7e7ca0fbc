"""Frames to compare a step on: those of a generated video, with the pyramids that the model
computes for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from tpr.data.clips import open_clip
from tpr.data.mini import generate
from tpr.export.graphs import Inputs
from tpr.export.step import FrameStep


def inputs_of(
    steps: dict[str, FrameStep], size: tuple[int, int], count: int
) -> dict[str, list[Inputs]]:
    """`count` inputs for each step: "first" and, if there is one, "next"."""
    frames = list(pictures(size, count + 1))
    inputs: dict[str, list[Inputs]] = {"first": [(frame,) for frame in frames[:count]]}
    if "next" in steps:
        inputs["next"] = []
        outputs = steps["first"](frames[0])
        for frame in frames[1:]:
            inputs["next"].append((frame, *(outputs[name] for name in steps["next"].previous)))
            outputs = steps["next"](*inputs["next"][-1])
    return inputs


def pictures(size: tuple[int, int], frames: int) -> Iterator[Tensor]:
    """Frames of a generated video: uint8 RGB (1, 3, H, W)."""
    with tempfile.TemporaryDirectory() as folder:
        split = {"videos": 1, "frames": frames, "height": size[0], "width": size[1]}
        generate(Path(folder) / "data", {"sample": split}, seed=0)
        (first, *_) = Path(folder).rglob("*.jpg")
        for picture in open_clip(first.parent).frames():
            yield torch.from_numpy(picture).permute(2, 0, 1)[None].contiguous()
