"""Pretraining on single images and fine-tuning on query/reference pairs; both resume anywhere."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from . import checkpoint
from .data.loader import TrainingData
from .data.youtube_vis import YouTubeVIS
from .files import replacing
from .models.build import Builder, build_model
from .models.vis_model import VISModel
from .optim import build_optimizer, lr_factor
from .routing import open_fraction

NEW_MODULES = ("temporal.", "track_head.")


class Log(Protocol):
    """Where progress goes."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...


class DivergedError(ValueError):
    """A loss became NaN or infinite."""


def pretrain(
    spec: dict[str, Any], dataset: YouTubeVIS, out: Path, log: Log, *, start: Path | None = None
) -> dict[str, Any]:
    """Trains the image model (no temporal module) on single frames; writes out/weights.pt.

    spec: {"model", "train": settings, "seed"}. The backbone's norms are trained (BatchNorm).
    settings may hold "small_first": {"share", "short_edge", "batch_size"}: the first share of the
    iterations sees small images in larger batches, which teaches more in the same time.
    start: weights of another image model, of which everything that fits is taken over.
    """
    torch.manual_seed(spec["seed"])
    model = build_model(spec["model"], len(dataset.categories), backbone_norm="BN")
    if start is not None:
        taken, total = checkpoint.load_matching(model, start)
        log.info(f"{taken} of {total} parameters and buffers start from other weights")
    data, small = training_data(dataset, spec), spec["train"].get("small_first", {"share": 0})
    small_data = training_data(dataset, spec | {"train": spec["train"] | small})
    small_until = small["share"] * spec["train"]["iterations"]

    def losses(iteration: int) -> tuple[dict[str, Tensor], list[int]]:
        batch = (small_data if iteration < small_until else data).images(iteration)
        return model.image_losses(batch.images, batch.truth), []

    metrics = optimise(model, losses, spec["train"], out, log)
    finish(model, out, without=NEW_MODULES)
    return metrics


def finetune(
    spec: dict[str, Any],
    dataset: YouTubeVIS,
    weights: Path,
    out: Path,
    log: Log,
    *,
    temporal: Mapping[str, Builder] | None = None,
    parts: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """Fine-tunes a pretrained image model with its temporal module; writes out/weights.pt.

    temporal: see `build_model`; parts: weights of submodules that were pretrained apart, by name.
    """
    torch.manual_seed(spec["seed"])
    model = build_model(spec["model"], len(dataset.categories), temporal=temporal)
    checkpoint.load_weights(model, weights, missing=NEW_MODULES)
    for name, path in (parts or {}).items():
        checkpoint.load_weights(model.get_submodule(name), path)
    freeze(model, spec["train"]["freeze"])
    data = training_data(dataset, spec)

    def losses(iteration: int) -> tuple[dict[str, Tensor], list[int]]:
        query, reference, videos = data.pairs(iteration)
        return model.losses(*query, *reference), videos

    metrics = optimise(model, losses, spec["train"], out, log)
    finish(model, out)
    return metrics


def finish(model: nn.Module, out: Path, *, without: tuple[str, ...] = ()) -> None:
    """Writes the trained weights; only then is the training state no longer needed."""
    checkpoint.save_weights(model, out / "weights.pt", without=without)
    (out / "checkpoint.pt").unlink(missing_ok=True)


def training_data(dataset: YouTubeVIS, spec: dict[str, Any]) -> TrainingData:
    settings = spec["train"]
    names = ("batch_size", "short_edge", "longest", "flip", "reference_range")
    options = {k: settings[k] for k in names if k in settings}
    return TrainingData(dataset, seed=spec["seed"], **options)


def freeze(model: VISModel, stages: int) -> None:
    """Freezes the first stages of the backbone (1: stem, 2: stem and res2, ...), as detectron2."""
    model.backbone.fpn.bottom_up.freeze(stages)


def optimise(
    model: nn.Module,
    losses: Callable[[int], tuple[dict[str, Tensor], list[int]]],
    settings: dict[str, Any],
    out: Path,
    log: Log,
) -> dict[str, Any]:
    """The training loop. losses(iteration) returns the terms and the ids of the videos used.

    settings: iterations, optimizer, schedule, clip (gradient norm), checkpoint_every, log_every.
    Continues from out/checkpoint.pt where there is one. Raises DivergedError
    naming iteration, terms and videos; the last checkpoint stays.
    """
    model = model.to(memory_format=torch.channels_last).train()
    optimizer = build_optimizer(model, settings["optimizer"])
    history = History(out)
    start, seconds = resume(model, optimizer, out / "checkpoint.pt", history, log)
    total = settings["iterations"]
    for iteration in range(start, total):
        begin = time.perf_counter()
        for group in optimizer.param_groups:
            factor = group["lr_scale"] * lr_factor(settings["schedule"], iteration, total)
            group["lr"] = settings["optimizer"]["lr"] * factor
        terms, videos = losses(iteration)
        loss = sum(terms.values())
        check_finite(iteration, loss, terms, videos)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings["clip"])
        optimizer.step()
        seconds += time.perf_counter() - begin
        done = iteration + 1
        if done % settings["log_every"] == 0 or done == total:
            history.add(done, measurements(terms, model))
            log.progress(done, total, loss=loss.item())
        if done % settings["checkpoint_every"] == 0 and done < total:
            save_state(model, optimizer, done, seconds, out / "checkpoint.pt")
    return history.summary(total) | {"seconds_per_iteration": seconds / total}


def check_finite(iteration: int, loss: Tensor, terms: dict[str, Tensor], videos: list[int]) -> None:
    if not math.isfinite(loss.item()):
        values = ", ".join(f"{k} {v.item():.4g}" for k, v in terms.items())
        raise DivergedError(
            f"the loss is not finite at iteration {iteration}: {values}; videos {videos}"
        )


def measurements(terms: dict[str, Tensor], model: nn.Module) -> dict[str, float]:
    """Loss terms, and what tells whether the routing is alive: open share and scale weights."""
    values = {k: v.item() for k, v in terms.items()}
    gates = getattr(model, "gates", [])
    if gates:
        values["open_fraction"] = open_fraction(gates).mean().item()
        kinds = {use.name.split(".")[-1] for use in gates}
        for kind in sorted(kinds):
            chosen = [use for use in gates if use.name.split(".")[-1] == kind]
            values[f"open_{kind}"] = open_fraction(chosen).mean().item()
    weights = [p for n, p in model.named_parameters() if n.endswith("scale_weight")]
    if weights:
        values["scale_weight"] = torch.stack([w.detach().abs() for w in weights]).mean().item()
    return values


def save_state(
    model: nn.Module, optimizer: torch.optim.Optimizer, done: int, seconds: float, path: Path
) -> None:
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "iteration": done,
        "seconds": seconds,
        "random": torch.get_rng_state(),
    }
    checkpoint.save(state, path)


def resume(
    model: nn.Module, optimizer: torch.optim.Optimizer, path: Path, history: History, log: Log
) -> tuple[int, float]:
    """First iteration to run and seconds spent so far."""
    if not path.is_file():
        history.restart(0)
        return 0, 0.0
    state = checkpoint.load(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])
    history.restart(state["iteration"])
    log.info(f"resuming at iteration {state['iteration']}")
    return state["iteration"], state["seconds"]


class History:
    """Measurements by iteration in out/log.jsonl and as TensorBoard events."""

    def __init__(self, out: Path) -> None:
        self.path = out / "log.jsonl"
        self.lines: list[dict[str, float]] = []

    def restart(self, iteration: int) -> None:
        """Keeps what was measured up to `iteration`; the rest will be measured again."""
        if self.path.is_file():
            whole = self.path.read_text().split("\n")[:-1]
            self.lines = [x for x in map(json.loads, whole) if x["iteration"] <= iteration]
        with replacing(self.path) as draft:
            draft.write_text("".join(json.dumps(x) + "\n" for x in self.lines))
        self.board = SummaryWriter(str(self.path.parent / "tensorboard"), purge_step=iteration)

    def add(self, iteration: int, values: dict[str, float]) -> None:
        self.lines.append({"iteration": iteration} | values)
        with self.path.open("a") as file:
            file.write(json.dumps(self.lines[-1]) + "\n")
        for name, value in values.items():
            self.board.add_scalar(name, value, iteration)

    def summary(self, iterations: int) -> dict[str, Any]:
        """Means over the last tenth of the run."""
        self.board.close()
        last = [x for x in self.lines if x["iteration"] > 0.9 * iterations] or self.lines[-1:]
        mean = {k: sum(x[k] for x in last) / len(last) for k in last[0] if k != "iteration"}
        losses = {k: v for k, v in mean.items() if k.startswith("loss")}
        rest = {k: v for k, v in mean.items() if k not in losses}
        return {"iterations": iterations, "final_losses": losses, "open_fraction": rest or None}
