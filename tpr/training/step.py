"""One step of training, on any device, in any precision, by any number of processes.

A batch's loss is the sum of its parts' losses, which divide by counts over the whole batch
(tpr.parallel.loss_counts); so its gradient is the sum of the parts' gradients, however the parts
are spread. That sum is one message when all parts are done. torch's DistributedDataParallel would
send while it still computes, but wants the same graph in every process, and a part without positive
locations leaves out what only these train.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tpr.devices.tf32 import allow_tf32
from tpr.parallel.batch_parts import Part, parts_of_process
from tpr.parallel.distributed import device, gathered, rank, sum_over_processes, world_size
from tpr.parallel.image_rng import seeded_part
from tpr.parallel.loss_counts import counting, over_processes, recording, replaying, sums
from tpr.parallel.sync_norm import synchronise_norms
from tpr.routing import grouped, open_fractions
from tpr.routing.gates import added
from tpr.training.optim import build_optimizer, load_state, lr_factor

PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}


class Batch(Protocol):
    """A part of an iteration's batch, as a model's losses take it."""

    def to(self, device: torch.device) -> Batch: ...


class Step:
    """A model that is being trained.

    losses(batch): the loss terms; settings: optimizer, schedule, iterations, clip, batch_size, and
    where the batch is to be spread micro_batch; precision: fp32 (the default), bf16 or fp16.
    BatchNorm goes over all images that are processed at once: one micro-batch of each process.
    """

    def __init__(
        self,
        model: nn.Module,
        losses: Callable[[Any], dict[str, Tensor]],
        settings: dict[str, Any],
        seed: int,
    ) -> None:
        precision = settings.get("precision", "fp32")
        if precision not in PRECISIONS:
            known = ", ".join(PRECISIONS)
            raise ValueError(f"unknown precision {precision!r}; known: {known}")
        self.model, self.losses, self.settings, self.seed = model, losses, settings, seed
        self.device, self.dtype = device(), PRECISIONS[precision]
        allow_tf32(self.device)
        self.parts = parts_of_process(settings, rank(), world_size())
        model.to(self.device).to(memory_format=torch.channels_last)
        synchronise_norms(model)
        model.train()
        self.optimizer = build_optimizer(model, settings["optimizer"])
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)

    def backward(
        self, iteration: int, batches: Sequence[Batch], measure: bool = False
    ) -> dict[str, float]:
        """Computes the gradients of an iteration's loss; returns its terms and, if asked for, how
        far gates are open.

        batches: this process's parts. The numbers are those of the whole batch, in every process.
        """
        batches = [batch.to(self.device) for batch in batches]
        totals = self._totals(iteration, batches) if len(batches) > 1 else None
        self.optimizer.zero_grad(set_to_none=True)
        rows: list[list[float]] = []
        names: list[str] = []
        for part, batch in zip(self.parts, batches, strict=True):
            counter = over_processes if totals is None else replaying(totals)
            found = self._terms(iteration, part, batch, counter)
            self.scaler.scale(added(found.values())).backward()
            opened = open_shares(self.model) if measure else {}
            terms = torch.stack([x.detach().double() for x in found.values()]).tolist()
            rows.append([*terms, *(x / part.of for x in opened.values())])
            names = [*found, *opened]
        add_gradients(self.model.parameters())
        return dict(zip(names, sums(rows), strict=True))

    def update(self, iteration: int) -> bool:
        """Moves the weights against the gradients, at the schedule's learning rate.

        False, and nothing moves, where a gradient is NaN or infinite. In fp16 that is first taken
        for an overflow: the step is left out and the loss scaled down, until the scale is 1.
        """
        settings = self.settings
        for group in self.optimizer.param_groups:
            factor = lr_factor(settings["schedule"], iteration, settings["iterations"])
            group["lr"] = settings["optimizer"]["lr"] * (group["lr_scale"] * factor)
        self.scaler.unscale_(self.optimizer)
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), settings["clip"])
        if not norm.isfinite() and self.scaler.get_scale() <= 1.0:  # 1 without a scaler
            return False
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return True

    def _terms(
        self, iteration: int, part: Part, batch: Batch, counter: Callable
    ) -> dict[str, Tensor]:
        with ExitStack() as inside:
            inside.enter_context(counting(counter))
            if "micro_batch" in self.settings or world_size() > 1:
                inside.enter_context(seeded_part(self.seed, iteration, part.number))
            enabled = self.dtype is not None
            inside.enter_context(torch.autocast(self.device.type, self.dtype, enabled))
            return self.losses(batch)

    def _totals(self, iteration: int, batches: Sequence[Batch]) -> list[float]:
        """The counts that the losses of all parts divide by, known only after a pass over every
        part.

        It costs a forward pass. Gradients stay enabled, as they change how gates are computed.
        """
        buffers = [(x, x.clone()) for x in self.model.buffers()]
        rows: list[list[float]] = []
        for part, batch in zip(self.parts, batches, strict=True):
            rows.append([])
            self._terms(iteration, part, batch, recording(rows[-1]))
        for buffer, before in buffers:
            buffer.copy_(before)
        return sums(rows)

    def state(self) -> dict[str, Any]:
        """Everything that later iterations depend on; random states of all processes, by rank."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "random": gathered(torch.get_rng_state()),
        }
        if self.device.type == "cuda":
            state["random_cuda"] = gathered(torch.cuda.get_rng_state())
        return state

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        load_state(self.optimizer, state["optimizer"])
        self.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"][rank() % len(state["random"])])
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state["random_cuda"][rank() % len(state["random_cuda"])])


def add_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Makes every gradient the sum over the processes; none stays None that another has."""
    if world_size() == 1:
        return
    trained = [p for p in parameters if p.requires_grad]
    present = torch.tensor([float(p.grad is not None) for p in trained], device=device())
    present = sum_over_processes(present).tolist()
    gradients: list[Tensor] = []
    for parameter, count in zip(trained, present, strict=True):
        if count:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
    flat = sum_over_processes(torch.cat([x.flatten() for x in gradients]))
    for gradient, piece in zip(gradients, flat.split([x.numel() for x in gradients]), strict=True):
        gradient.copy_(piece.view_as(gradient))


def open_shares(model: nn.Module) -> dict[str, float]:
    """How far the gates are open, a mean over the images: in all and by kind of gate."""
    gates = getattr(model, "gates", [])
    if not gates:
        return {}
    kinds = grouped(gates, lambda use: f"open_{use.name.split('.')[-1]}")
    shares = open_fractions(gates, {"open_fraction": range(len(gates))} | kinds)
    return {name: share.mean().item() for name, share in shares.items()}
