"""Deformable convolution: torchvision's CPU kernel against the gathered one."""

from __future__ import annotations

from functools import partial

import torch
from torchvision.ops import deform_conv2d

from tpr.routing.sampling import gathered_deform_conv

from .timing import medians, report, setup

SIZES = ((48, 80), (24, 40))
CHANNELS = 256


def torchvision_op(x: torch.Tensor, offset: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return deform_conv2d(x, offset, weight, padding=1)


def main() -> None:
    setup()
    operations = {"torchvision": torchvision_op, "ours": gathered_deform_conv}
    for h, w in SIZES:
        x = torch.randn(1, CHANNELS, h, w).contiguous(memory_format=torch.channels_last)
        inputs = [x, 2 * torch.randn(1, 18, h, w), 0.02 * torch.randn(CHANNELS, CHANNELS, 3, 3)]
        for kind, rounds in (("forward", 9), ("backward", 5)):
            functions = {
                name: partial(run, operation, inputs, kind == "backward")
                for name, operation in operations.items()
            }
            seconds = medians(functions, rounds)
            ratio = seconds["torchvision"] / seconds["ours"]
            report(f"{CHANNELS}x{h}x{w} {kind}", ratio=ratio, **seconds)


def run(operation, inputs: list[torch.Tensor], backward: bool) -> None:  # noqa: ANN001
    """Forward alone, or forward and backward to all inputs."""
    leaves = [t.detach().requires_grad_(backward) for t in inputs]
    with torch.set_grad_enabled(backward):
        out = operation(*leaves)
    if backward:
        out.sum().backward()


if __name__ == "__main__":
    main()
