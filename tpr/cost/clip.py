"""A made-up clip in YouTube-VIS format and models to run on it, for measuring speed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from detectron2.modeling.backbone.resnet import BottleneckBlock
from PIL import Image
from torch import Tensor, nn

from tpr.data.youtube_vis import YouTubeVIS
from tpr.models.build import build_model
from tpr.models.vis_model import VISModel
from tpr.routing.gates import SpatialGate
from tpr.routing.tables import Table

CANDIDATES = 100  # a level before NMS, about what a trained detector leaves above its threshold


def write_clip(folder: Path, size: tuple[int, int], frames: int, classes: int) -> YouTubeVIS:
    """One video of `frames` JPEG images of size (H, W): a smooth pattern that moves."""
    height, width = size
    names = [f"{t}.jpg" for t in range(frames)]
    for t, name in enumerate(names):
        Image.fromarray(pattern(height, width, t)).save(folder / name, quality=90)
    video = {"id": 1, "width": width, "height": height, "length": frames, "file_names": names}
    categories = [{"id": i + 1, "name": str(i + 1)} for i in range(classes)]
    record = {"videos": [video], "categories": categories, "annotations": None}
    (folder / "clip.json").write_text(json.dumps(record), encoding="utf-8")
    return YouTubeVIS(folder / "clip.json", folder)


def pattern(height: int, width: int, t: int) -> np.ndarray:
    """uint8 (H, W, 3) of waves of several lengths, shifted by 4 pixels a frame."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [
        np.sin((x + 4 * t) / a) * np.cos((y - 2 * t) / b) for a, b in ((9, 14), (23, 17), (61, 47))
    ]
    return np.stack([(127 + 120 * wave).astype(np.uint8) for wave in waves], -1)


def untrained(spec: dict[str, Any], classes: int, detections: int) -> VISModel:
    """The model of a spec for inference, which finds `detections` objects in every frame.

    Residual branches are damped, so that activations stay in a usual range without training.
    """
    torch.manual_seed(0)
    settings = {"threshold": 0.0, "top_before": CANDIDATES, "top_after": detections}
    model = build_model(spec | {"head": spec["head"] | settings}, classes)
    for module in model.modules():
        if isinstance(module, BottleneckBlock):
            module.conv3.weight.data.mul_(0.2)
    return model.to(memory_format=torch.channels_last).eval().requires_grad_(False)


class GateSetter:
    """Gives gates a bias so that a share of the positions is open where each is first used.

    Used as context manager around one call of the model.
    """

    def __init__(self, model: nn.Module, opened: float) -> None:
        self.opened = opened
        self.convs = [m.conv for m in model.modules() if isinstance(m, SpatialGate)]

    def __enter__(self) -> None:
        self.handles = [conv.register_forward_hook(self.set) for conv in self.convs]
        self.done: set[nn.Module] = set()

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()

    def set(self, conv: nn.Conv2d, _: Any, out: Tensor | Table) -> Tensor | Table | None:
        """Sets the bias at a gate's first use, on one level or several, and corrects the output."""
        if conv in self.done:
            return None
        self.done.add(conv)
        logits = out.rows if isinstance(out, Table) else out
        values = logits.flatten().sort().values
        closed = round((1 - self.opened) * len(values))
        margin = 1 + values.abs().max()
        below = values[closed - 1] if closed else values[0] - margin
        above = values[closed] if closed < len(values) else values[-1] + margin
        shift = (below + above) / 2 if 0 < closed < len(values) else (above, below)[closed == 0]
        assert conv.bias is not None  # as every gate's has one
        conv.bias.data -= shift
        return out.like(logits - shift) if isinstance(out, Table) else logits - shift
