"""Image models that are not pretrained here: public weights, or seeded initial ones for a trial."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from tpr.data.youtube_vis import YouTubeVIS
from tpr.files import sha256
from tpr.models.build import build_model
from tpr.models.vis_model import VISModel
from tpr.progress_log import Log
from tpr.training.loop import NEW_MODULES, finish
from tpr.weights import checkpoint

CALIBRATION = 4  # frames


def public_weights(
    spec: Spec, dataset: YouTubeVIS, path: Path, out: Path, log: Log | None = None
) -> Record:
    """Checks converted public weights against the model of `dataset`; writes out/weights.pt.

    spec: {"model"}, and for other categories than the file's {"new_classes": True, "seed"}: layers
    that depend on their number are then drawn anew where they do not fit. Raises FileNotFoundError,
    or ValueError naming the first key that does not fit.
    """
    torch.manual_seed(spec.get("seed", 0))
    model = build_model(spec["model"], len(dataset.categories))
    redrawn = class_layers(spec, len(dataset.categories)) if spec.get("new_classes") else ()
    drawn = checkpoint.load_weights(model, path, missing=NEW_MODULES, redrawn=redrawn)
    if drawn and log is not None:
        log.info(f"not taken over from {path.name}, as it is of other classes: {', '.join(drawn)}")
    finish(model, out, without=NEW_MODULES)
    return {"weights": path.name, "sha256": sha256(path)}


def class_layers(spec: Spec, classes: int) -> tuple[str, ...]:
    """Names of the parameters whose shapes depend on the number of classes."""
    with torch.device("meta"):
        one, other = (build_model(spec["model"], n).state_dict() for n in (classes, classes + 1))
    return tuple(name for name, value in one.items() if value.shape != other[name].shape)


def initial_weights(spec: Spec, dataset: YouTubeVIS, out: Path, log: Log) -> Record:
    """Writes an untrained image model, out/weights.pt; spec: {"model", "seed"}.

    The backbone's norms get the statistics of some training frames: frozen at their initial values
    they would let a hundred layers blow the features up.
    """
    log.info("SEEDED INITIAL WEIGHTS: nothing here was pretrained, no result means anything")
    torch.manual_seed(spec["seed"])
    model = build_model(spec["model"], len(dataset.categories), backbone_norm="BN")
    calibrate(model, first_frames(dataset))
    finish(model, out, without=NEW_MODULES)
    return {"weights": None}


def first_frames(dataset: YouTubeVIS) -> Tensor:
    """Frames of some videos of equal size: (N, 3, H, W) uint8."""
    first = dataset.videos[0]
    same = [v for v in dataset.videos if (v.height, v.width) == (first.height, first.width)]
    shown = [(v, next(t for t, name in enumerate(v.file_names) if name)) for v in same]
    pictures = [torch.from_numpy(dataset.read_frame(v, t)) for v, t in shown[:CALIBRATION]]
    return torch.stack(pictures).permute(0, 3, 1, 2)


@torch.no_grad()
def calibrate(model: VISModel, images: Tensor) -> None:
    """Sets the running statistics of all norms to those of the given batch."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    model.train().frames(images)
