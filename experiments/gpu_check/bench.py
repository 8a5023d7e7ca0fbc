"""What the checks work on: full-size networks with untrained weights, and generated videos."""

from __future__ import annotations

import gc
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from baselines.registry import BASELINES
from experiments.gpu_check.pretended import Counts
from experiments.pipeline.graph import Graph
from experiments.pipeline.image_weights import initial_weights
from tpr.cost.clip import untrained
from tpr.data.loader import PairBatch, TrainingData
from tpr.data.mini.archive import write_archive
from tpr.data.youtube_vis import YouTubeVIS
from tpr.models.build import build_model
from tpr.models.vis_model import VISModel
from tpr.training import loop
from tpr.training.step import Step
from tpr.weights import checkpoint

SEED = 0
ONE_RUN_A_HEAD = ("blendmask-r50+tpr", "sipmask-r50+tpr", "yolact-r50+tpr", "masktrack-r50+tpr")


class Quiet:
    """A log that keeps nothing."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...


@dataclass(frozen=True)
class Bench:
    """device: what the project computes on; graph: the stages of profile full; folder: for videos,
    weights and checkpoints; counts: those of a pretended GPU, on which everything is small;
    iteration: seconds of an iteration by run, once they are measured."""

    device: torch.device
    graph: Graph
    folder: Path
    counts: Counts | None = None
    iteration: dict[str, float] = field(default_factory=dict)

    @property
    def pretended(self) -> bool:
        return self.counts is not None

    @property
    def short_edge(self) -> int:
        """Of training frames, in pixels; the largest of profile full."""
        return 96 if self.pretended else 480

    @property
    def frame_size(self) -> tuple[int, int]:
        """(H, W) of the videos."""
        return (96, 160) if self.pretended else (360, 640)

    @property
    def batch_size(self) -> int:
        """Pairs at once: those of a GPU where eight share a batch of 64."""
        return 2 if self.pretended else 8

    @cached_property
    def videos(self) -> YouTubeVIS:
        """Eight generated videos of three frames."""
        height, width = self.frame_size
        settings = {"videos": 8, "frames": 3, "height": height, "width": width}
        source = write_archive(self.folder / "videos", settings, seed=SEED)
        return YouTubeVIS(source / "train.json", source / "train" / "JPEGImages")

    @property
    def classes(self) -> int:
        return len(self.videos.categories)

    def spec(self, run: str) -> dict[str, Any]:
        """The run's training as profile full declares it."""
        return json.loads(json.dumps(self.graph.train(run, SEED).spec))

    def image_weights(self, run: str) -> Path:
        """Untrained weights of the run's image model, its norms calibrated on some frames."""
        stage = self.graph.pretrain(run)
        out = self.folder / f"weights-{stage.name}"
        if not (out / "weights.pt").is_file():
            out.mkdir(parents=True, exist_ok=True)
            initial_weights({"model": stage.spec["model"], "seed": SEED}, self.videos, out, Quiet())
        return out / "weights.pt"

    def model(self, run: str, head: dict[str, Any] | None = None) -> VISModel:
        """The run's model on the CPU; head: options that replace the head's own."""
        torch.manual_seed(SEED)
        spec = self.spec(run)["model"]
        spec = spec | {"head": spec["head"] | (head or {})}
        model = build_model(spec, self.classes, temporal=BASELINES)
        checkpoint.load_weights(model, self.image_weights(run), missing=loop.NEW_MODULES)
        # Inner products of untrained embeddings are in the tens: their softmax shows rounding only.
        last = [m for m in model.track_head.modules() if isinstance(m, nn.Conv2d | nn.Linear)][-1]
        last.weight.data.mul_(0.1)
        return model

    def settings(self, run: str, **changes: Any) -> dict[str, Any]:
        """The run's training settings for one batch of the bench, without warm-up."""
        small = {
            "batch_size": self.batch_size,
            "micro_batch": self.batch_size,
            "short_edge": [self.short_edge] * 2,
            "iterations": 100,
        }
        settings = self.spec(run)["train"] | small
        return settings | {"schedule": settings["schedule"] | {"warmup": 0}} | changes

    def training(self, run: str, **changes: Any) -> Training:
        """A training of the run that is about to begin; changes: of its settings."""
        settings = self.settings(run, **changes)
        model = self.model(run)
        loop.freeze(model, settings["freeze"])
        data = loop.training_data(self.videos, {"train": settings, "seed": SEED})
        return Training(model, data, settings)

    def clip_model(self, run: str) -> VISModel:
        """The run's model as tpr.cost.speed measures it: ten objects in every frame."""
        return untrained(self.spec(run)["model"], self.classes, 10)


def free_memory() -> None:
    """Gives back what is no longer used on the GPU, though it may be in cycles of references."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class Training:
    """One run's model, data and step."""

    def __init__(self, model: VISModel, data: TrainingData, settings: dict[str, Any]) -> None:
        def losses(batch: PairBatch) -> dict[str, torch.Tensor]:
            return model.losses(*batch.query, *batch.reference)

        # No method: with it this would hold itself, and the GPU's memory, after its last use.
        self.losses = losses
        self.model, self.data, self.settings = model, data, settings
        self.step = Step(model, losses, settings, SEED)

    def batch(self, iteration: int = 0) -> list[PairBatch]:
        """The parts of an iteration's batch, on the CPU."""
        return [self.data.pairs(iteration, part) for part in self.step.parts]

    def loss(self, batch: Sequence[PairBatch], iteration: int = 0) -> float:
        """The loss of a batch, whose gradients the parameters then hold."""
        return loop.total_loss(self.step.backward(iteration, batch))

    def once(self, batch: Sequence[PairBatch], iteration: int = 0) -> float:
        """The loss of a batch, after which the weights are moved."""
        loss = self.loss(batch, iteration)
        self.step.update(iteration)
        return loss
