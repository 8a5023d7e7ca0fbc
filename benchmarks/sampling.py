"""Deformable convolution: torchvision's CPU kernel against the gathered one.

`ratio` is torchvision's time over ours; `limit` what it would be if sampling took no time: over an
ordinary 3x3 convolution of the same size, which is the same arithmetic.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F
from torchvision.ops import deform_conv2d

from benchmarks.timing import medians, report, setup
from tpr.routing.sampling import gathered_deform_conv

SIZES = ((48, 80), (24, 40))
CHANNELS = 256


def torchvision_op(x: torch.Tensor, offset: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return deform_conv2d(x, offset, weight, padding=1)


def ordinary(x: torch.Tensor, _: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return F.conv2d(x, weight, padding=1)


def main() -> None:
    setup()
    operations = {
        "torchvision": torchvision_op,
        "ours": gathered_deform_conv,
        "ordinary": ordinary,
    }
    for h, w in SIZES:
        x = torch.randn(1, CHANNELS, h, w).contiguous(memory_format=torch.channels_last)
        weight = 0.02 * torch.randn(CHANNELS, CHANNELS, 3, 3)
        # features and weights as the models hold them
        weight = weight.contiguous(memory_format=torch.channels_last)
        inputs = [x, 2 * torch.randn(1, 18, h, w), weight]
        for kind, rounds in (("forward", 9), ("backward", 5)):
            functions = {
                name: partial(run, operation, inputs, kind == "backward")
                for name, operation in operations.items()
            }
            seconds = medians(functions, rounds)
            ratio, limit = (seconds["torchvision"] / seconds[k] for k in ("ours", "ordinary"))
            report(f"{CHANNELS}x{h}x{w} {kind}", ratio=ratio, limit=limit, **seconds)


def run(operation, inputs: list[torch.Tensor], backward: bool) -> None:  # noqa: ANN001
    """Forward alone, or forward and backward to all inputs."""
    leaves = [t.detach().requires_grad_(backward) for t in inputs]
    with torch.set_grad_enabled(backward):
        out = operation(*leaves)
    if backward:
        out.sum().backward()


if __name__ == "__main__":
    main()
