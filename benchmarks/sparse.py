"""A gated bottleneck at full size (256 channels, P3): masked against dense execution.

`ratio` is masked over dense time; `work` the share of positions at which the two convolutions are
needed, so what the ratio would be if only arithmetic took time. The first convolution is needed
one pixel around the open positions too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from tpr.routing.cpr import GatedBottleneck

from .timing import medians, report, setup

CHANNELS, SIZE = 256, (48, 80)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


def gate_map(share: float) -> torch.Tensor:
    """(1, 1, H, W) gate with `share` of the positions open, in blobs as trained gates have them."""
    smooth = F.interpolate(torch.rand(1, 1, 6, 10), SIZE, mode="bicubic")
    threshold = smooth.flatten().quantile(1 - share) if share else smooth.max()
    gate = torch.where(smooth > threshold, 0.5, 0.0)
    return torch.full_like(gate, 0.5) if share == 1 else gate


def needed(gate: torch.Tensor) -> float:
    """Mean over both convolutions of the share of positions that they are needed at."""
    around = F.max_pool2d(gate, 3, stride=1, padding=1)
    return torch.cat([gate, around]).gt(0).float().mean().item()


@torch.no_grad()
def main() -> None:
    setup()
    cell = GatedBottleneck(CHANNELS, 1.0).to(memory_format=torch.channels_last).eval()
    x = torch.randn(1, CHANNELS, *SIZE).contiguous(memory_format=torch.channels_last)
    for share in SHARES:
        gate = gate_map(share)
        cell.gate.forward = lambda _, gate=gate: gate
        functions = {"masked": lambda: cell(x, "", ""), "dense": lambda g=gate: cell.dense(x, g)}
        seconds = medians(functions, 9)
        ratio = seconds["masked"] / seconds["dense"]
        report(f"open={share:.2f}", ratio=ratio, work=needed(gate), **seconds)


if __name__ == "__main__":
    main()
