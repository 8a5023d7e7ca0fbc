"""Trained weights in a quarter of their size: 8 bits for each number, as differences to a model
that ships.

Fine-tuning changes weights little, so the difference to the image model that a run began with needs
few bits. A tensor is kept as int8 with one scale for each row (output channel); small ones, whose
scales would take as much space, in half precision.
"""

from __future__ import annotations

import torch
from torch import Tensor

State = dict[str, Tensor]
LEVELS = 127
SMALLEST = 256  # numbers; smaller tensors stay in half precision
SCALE = ".scale"  # after a tensor's name: (rows,) float32; the tensor itself is int8


def packed(state: State, base: State) -> State:
    """A state without tensors equal to `base`'s; the others as differences to the tensors of the
    same name and shape, where there are any."""
    out: State = {}
    for name, value in state.items():
        if not value.is_floating_point():
            out[name] = value
        elif value.dim() < 2 or value.numel() < SMALLEST:
            out[name] = value.half()
        elif not same(base, name, value):
            out[name], out[name + SCALE] = quantised(value.float() - matching(base, name, value))
    return out


def same(base: State, name: str, value: Tensor) -> bool:
    return name in base and torch.equal(base[name].float(), value.float())


def unpacked(state: State, base: State) -> State:
    """The float32 state that `packed` was given, up to rounding; what it lacks is `base`'s."""
    out = {name: value.float() for name, value in base.items() if value.is_floating_point()}
    for name, value in state.items():
        if name.endswith(SCALE):
            continue
        if value.dtype == torch.int8 and name + SCALE in state:
            scale = state[name + SCALE].reshape(-1, *[1] * (value.dim() - 1))
            out[name] = matching(base, name, value) + value.float() * scale
        else:
            out[name] = value.float() if value.is_floating_point() else value
    return out


def matching(base: State, name: str, value: Tensor) -> Tensor:
    """The base's tensor of that name and shape in float32; zeros without one."""
    start = base.get(name)
    if start is None or start.shape != value.shape:
        return torch.zeros(value.shape)
    return start.float()


def quantised(value: Tensor) -> tuple[Tensor, Tensor]:
    """(rows, ...) -> int8 of the same shape and (rows,) scales; a row's largest becomes 127."""
    scale = value.flatten(1).abs().amax(dim=1) / LEVELS
    steps = torch.where(scale > 0, scale, 1).reshape(-1, *[1] * (value.dim() - 1))
    return (value / steps).round().to(torch.int8), scale
