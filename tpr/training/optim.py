"""Optimisers and learning-rate schedules of the profiles."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from torch import nn

# SGD is not fused: torch's stops at a parameter whose first gradient comes later than the others',
# and where fp16 leaves out the first step it goes on with momentum that was never written.
OPTIMIZERS = {"sgd": torch.optim.SGD, "adamw": partial(torch.optim.AdamW, fused=True)}
NORMS = (nn.GroupNorm, nn.LayerNorm, nn.BatchNorm2d, nn.SyncBatchNorm)


def build_optimizer(model: nn.Module, spec: dict[str, Any]) -> torch.optim.Optimizer:
    """spec: {"name": "sgd" or "adamw", "lr", "weight_decay", and the optimiser's own options}.

    Normalisation layers and one-element parameters (scales, gate biases) are not decayed. The
    optional "lr_scales" maps a part of parameters' dotted names ("offset") to a factor on their
    learning rate, kept as the group's "lr_scale".
    """
    options = {k: v for k, v in spec.items() if k not in ("name", "weight_decay", "lr_scales")}
    scales = spec.get("lr_scales", {})
    if spec["name"] not in OPTIMIZERS:
        raise ValueError(f"unknown optimizer {spec['name']!r}; known: {', '.join(OPTIMIZERS)}")
    normalisers = {id(p) for m in model.modules() if isinstance(m, NORMS) for p in m.parameters()}
    groups = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            free = id(parameter) in normalisers or parameter.numel() == 1
            scale = math.prod(scales.get(part, 1.0) for part in name.split("."))
            group = {"weight_decay": 0.0 if free else spec["weight_decay"], "lr_scale": scale}
            groups.setdefault((free, scale), group | {"params": []})["params"].append(parameter)
    return OPTIMIZERS[spec["name"]](list(groups.values()), **options)


def load_state(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Takes over a checkpoint's state. Whether steps are fused is decided here, not by the code
    that wrote the checkpoint."""
    fused = [group["fused"] for group in optimizer.param_groups]
    optimizer.load_state_dict(state)
    for group, value in zip(optimizer.param_groups, fused, strict=True):
        group["fused"] = value


def lr_factor(schedule: dict[str, Any], iteration: int, iterations: int) -> float:
    """Factor on the base learning rate at an iteration (0-based).

    schedule: {"name": "steps" (x 0.1 after each of "milestones", fractions of the run) or "cosine"
    (to zero), "warmup": iterations of linear warm-up from 1/80, as in the release}.
    """
    warm = 1.0
    if iteration < schedule["warmup"]:
        warm = 1 / 80 + (1 - 1 / 80) * iteration / schedule["warmup"]
    if schedule["name"] == "cosine":
        return warm * 0.5 * (1 + math.cos(math.pi * iteration / iterations))
    if schedule["name"] == "steps":
        return warm * 0.1 ** sum(iteration >= m * iterations for m in schedule["milestones"])
    raise ValueError(f"unknown schedule {schedule['name']!r}; known: steps, cosine")
