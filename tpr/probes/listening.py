"""Records what a temporal module does in a call, through hooks, so that modules need no code for
it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tpr.routing import GateUse, Pyramid
from tpr.routing.sampling import DeformConv

OUTER_GATE = "outer_gate"  # what the gate of Eq. 6 is called in the modules that have one


@dataclass
class Heard:
    """The record of one call, by level, on the CPU.

    sampled: effective displacements of deformable convolutions that read the reference level
    itself, (N, 2, H, W) as (dx, dy) in the level's cells, one for each call; kept: the outer gate,
    the share of the query's features that stays, (N, 1, H, W).
    """

    sampled: dict[str, list[Tensor]] = field(default_factory=lambda: defaultdict(list))
    kept: Pyramid = field(default_factory=dict[str, Tensor])

    @property
    def displacement(self) -> Pyramid:
        """The mean displacement, where a level samples several references."""
        return {level: torch.stack(found).mean(0) for level, found in self.sampled.items()}


def effective_displacement(offset: Tensor, weight: Tensor, mask: Tensor | None = None) -> Tensor:
    """Where a deformable convolution samples: (N, 2, H, W), (dx, dy) in pixels.

    The mean of its taps' offsets, weighted by the norms of their kernels and by their masks.
    offset: (N, 2 k^2, H, W), (dy, dx) for each tap; weight: (C_out, C, k, k); mask: (N, k^2, H, W).
    """
    n, channels, h, w = offset.shape
    taps = offset.view(n, channels // 2, 2, h, w)
    shares = weight.float().square().sum((0, 1)).sqrt().flatten().view(1, -1, 1, 1)
    shares = shares if mask is None else shares * mask
    total = (taps * shares[:, :, None]).sum(1) / shares.sum(1)[:, None].clamp(min=1e-12)
    return total.flip(1)


@contextmanager
def listening(temporal: nn.Module) -> Iterator[Heard]:
    """Records the calls of a temporal module inside the block.

    A submodule that is called with (query level, reference level, name) identifies the level.
    Offsets are recorded of deformable convolutions that read this reference: only the first in a
    call, as both branches read the same tensor where the reference is the query.
    """
    heard, now = Heard(), {"level": "", "reference": None}

    def at_level(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if len(inputs) == 3 and isinstance(inputs[1], Tensor) and isinstance(inputs[2], str):
            now["level"], now["reference"] = inputs[2], inputs[1]

    def sampling(module: DeformConv, inputs: tuple[Any, ...]) -> None:
        if inputs[0] is now["reference"]:
            found = effective_displacement(inputs[1], module.weight, *inputs[2:])
            heard.sampled[str(now["level"])].append(found.detach().float().cpu())
            now["reference"] = None

    def keeping(module: nn.Module, inputs: tuple[Any, ...], logits: Tensor) -> None:
        heard.kept[str(now["level"])] = logits.detach().float().sigmoid().cpu()

    hooks: list[Any] = []
    for name, module in temporal.named_modules():
        if isinstance(module, DeformConv):
            hooks.append(module.register_forward_pre_hook(sampling))
        elif name.split(".")[-1] == OUTER_GATE:
            hooks.append(module.register_forward_hook(keeping))
        else:
            hooks.append(module.register_forward_pre_hook(at_level))
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()


def flow_of(temporal: nn.Module) -> Pyramid:
    """The flow of the latest call, as modules that warp keep it in `motion`: see `ReferenceUse`."""
    found: Pyramid = {}
    for part in temporal.modules():
        kept = getattr(part, "motion", None)
        found |= {} if kept is None else {level: x.float().cpu() for level, x in kept.items()}
    return found


def gates_of(temporal: nn.Module) -> list[GateUse]:
    return list(getattr(temporal, "gates", []))
