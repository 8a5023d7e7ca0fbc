"""Pretraining on single images and fine-tuning on query/reference pairs; both resume anywhere.

Several processes train one model together (tpr.parallel); the first of them writes the files.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from detectron2.modeling.backbone import ResNet
from torch import Tensor, nn

from tpr.data.loader import ImageBatch, TrainingData, read_ahead
from tpr.data.youtube_vis import YouTubeVIS
from tpr.devices.host_limits import raise_open_files
from tpr.models.build import Builder, build_model
from tpr.models.vis_model import VISModel
from tpr.parallel.batch_parts import Part, micro_batches
from tpr.parallel.distributed import gathered, is_main, loaders
from tpr.parallel.hang_watch import doing
from tpr.progress_log import Log
from tpr.references.choice import choice_of
from tpr.references.training import ReferredBatch, ReferredData
from tpr.training.curve import TrainingCurve
from tpr.training.resumable import load_state, remove_states, save_state
from tpr.training.step import Step
from tpr.weights import checkpoint

NEW_MODULES = ("temporal.", "track_head.")


class DivergedError(FloatingPointError):
    """A loss or a gradient became NaN or infinite."""


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
        taken, left = checkpoint.load_matching(model, start)
        log.info(start_words(taken, left))
    data, small = training_data(dataset, spec), spec["train"].get("small_first", {"share": 0})
    small_data = training_data(dataset, spec | {"train": spec["train"] | small})
    small_until = small["share"] * spec["train"]["iterations"]

    batches = partial(images_of_size, small_data, data, small_until)

    def losses(batch: ImageBatch) -> dict[str, Tensor]:
        return model.image_losses(batch.images, batch.truth)

    metrics = optimise(model, batches, losses, spec["train"], out, log, seed=spec["seed"])
    finish(model, out, without=NEW_MODULES)
    return metrics


def start_words(taken: int, left: Sequence[str]) -> str:
    """What starts from other weights, and which layers of the image model do not."""
    counters, new = "num_batches_tracked", [k for k in left if not k.startswith(NEW_MODULES)]
    layers = dict.fromkeys(k.rpartition(".")[0] for k in new if not k.endswith(counters))
    text = f"{taken} of {taken + len(left)} parameters and buffers start from other weights"
    return f"{text}; not taken over: {', '.join(layers)}" if layers else text


def images_of_size(
    small: TrainingData, large: TrainingData, small_until: float, iteration: int, part: Part
) -> ImageBatch:
    """A batch of small or of large images, by the iteration."""
    return (small if iteration < small_until else large).images(iteration, part)


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
    spec["train"] may hold "reference", for controls (see tpr.references), and
    "refined_references", the share of references that are refined as in recursive inference.
    """
    torch.manual_seed(spec["seed"])
    model = build_model(spec["model"], len(dataset.categories), temporal=temporal)
    checkpoint.load_weights(model, weights, missing=NEW_MODULES)
    for name, path in (parts or {}).items():
        checkpoint.load_weights(model.get_submodule(name), path)
    freeze(model, spec["train"]["freeze"])
    refined = spec["train"].get("refined_references", 0.0) if model.temporal else 0.0
    choice = choice_of(spec["train"])
    data = ReferredData(training_data(dataset, spec), choice, refined=refined)

    def losses(batch: ReferredBatch) -> dict[str, Tensor]:
        query, reference = batch.pairs.query, batch.pairs.reference
        return model.losses(*query, *reference, refer=batch.refer(model))

    metrics = optimise(model, data.batch, losses, spec["train"], out, log, seed=spec["seed"])
    finish(model, out)
    return metrics


def finish(model: nn.Module, out: Path, *, without: tuple[str, ...] = ()) -> None:
    """Writes the trained weights; only after that removes the training state."""
    if is_main():
        checkpoint.save_weights(model, out / "weights.pt", without=without)
        remove_states(out)


def training_data(dataset: YouTubeVIS, spec: dict[str, Any]) -> TrainingData:
    settings = spec["train"]
    names = ("batch_size", "short_edge", "longest", "flip", "reference_range")
    options = {k: settings[k] for k in names if k in settings}
    return TrainingData(dataset, seed=spec["seed"], groups=micro_batches(settings), **options)


def freeze(model: VISModel, stages: int) -> None:
    """Freezes the first stages of the backbone (1: stem, 2: stem and res2, ...), as detectron2."""
    resnet = model.backbone.fpn.bottom_up
    assert isinstance(resnet, ResNet)
    resnet.freeze(stages)


def optimise(
    model: nn.Module,
    batches: Callable[[int, Part], Any],
    losses: Callable[[Any], dict[str, Tensor]],
    settings: dict[str, Any],
    out: Path,
    log: Log,
    *,
    seed: int,
) -> dict[str, Any]:
    """The training loop. batches(iteration, part), which can be pickled: a part of an iteration's
    batch, with `to` and perhaps its `sources`; losses(batch): the terms.

    settings: those of Step, checkpoint_every, log_every. Continues from the last whole state in
    `out`, if any. Raises DivergedError naming iteration, terms and videos where the loss or its
    gradient is NaN or infinite; the last checkpoint stays.
    """
    step, curve = Step(model, losses, settings, seed), TrainingCurve(out, writes=is_main())
    start, seconds = resume(step, out, curve, log)
    total = settings["iterations"]

    if few_files := raise_open_files():
        log.info(few_files)
    own = partial(parts_of, batches, step.parts)
    reader = read_ahead(own, range(start, total), loaders(), step.device)
    for iteration in range(start, total):
        begin = time.perf_counter()
        done = iteration + 1
        logged = done % settings["log_every"] == 0 or done == total
        doing(f"reading the batch of iteration {iteration}")
        parts = next(reader)
        doing(f"computing iteration {iteration}")
        values = step.backward(iteration, parts, measure=logged)
        if not math.isfinite(total_loss(values)):
            raise diverged("loss", iteration, values, parts)
        if not step.update(iteration):
            raise diverged("gradient", iteration, values, parts)
        seconds += time.perf_counter() - begin
        if logged:
            curve.add(done, values | scale_weight(model))
            log.progress(done, total, loss=total_loss(values))
        if done % settings["checkpoint_every"] == 0 and done < total:
            doing(f"saving the state after iteration {done}")
            state = step.state() | {"iteration": done, "seconds": seconds}
            if is_main():
                save_state(state | {"history": curve.lines}, out)
    return curve.summary(total) | {"seconds_per_iteration": seconds / total}


def parts_of(
    batches: Callable[[int, Part], Any], parts: Sequence[Part], iteration: int
) -> list[Any]:
    """This process's parts of an iteration's batch. Can be pickled, for loader processes."""
    return [batches(iteration, part) for part in parts]


def total_loss(values: dict[str, float]) -> float:
    return sum(v for k, v in values.items() if k.startswith("loss"))


def diverged(
    what: str, iteration: int, values: dict[str, float], parts: list[Any]
) -> DivergedError:
    """The error for a loss or gradient that is NaN or infinite; all processes call it with the same
    values."""
    terms = ", ".join(f"{k} {v:.4g}" for k, v in values.items() if k.startswith("loss"))
    own = [source for part in parts for source in getattr(part, "sources", [])]
    batch = ", ".join(source for sources in gathered(own) for source in sources)
    return DivergedError(
        f"the {what} is not finite at iteration {iteration}: {terms}"
        + (f"; the batch has {batch}" if batch else "")
    )


def scale_weight(model: nn.Module) -> dict[str, float]:
    """Mean absolute weight of the paths between scales, which shows whether routing is used."""
    weights = [p for n, p in model.named_parameters() if n.endswith("scale_weight")]
    if not weights:
        return {}
    return {"scale_weight": torch.stack([w.detach().abs() for w in weights]).mean().item()}


def resume(step: Step, out: Path, curve: TrainingCurve, log: Log) -> tuple[int, float]:
    """First iteration to run and seconds spent so far."""
    state = load_state(out, log.info)
    if state is None:
        curve.restart(0, [])
        return 0, 0.0
    step.load(state)
    curve.restart(state["iteration"], state["history"])
    log.info(f"resuming at iteration {state['iteration']}")
    return state["iteration"], state["seconds"]
