"""A gated bottleneck at full size (256 channels, P3): masked against dense execution.

`ratio` is masked over dense time; `work` the share of positions at which the two convolutions are
needed: the first one is needed one pixel around the open positions too. `arithmetic` is what the
ratio would be if convolutions at those positions were matrix products over patches that are there;
masked execution goes below it where it uses Winograd's convolution, which dense execution does not.
"""

from __future__ import annotations

from functools import partial

import torch
import torch.nn.functional as F

from benchmarks.timing import medians, report, setup
from tpr.routing.cpr import GatedBottleneck
from tpr.routing.tables import Table

CHANNELS, SIZE = 256, (48, 80)
SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)


def gate_map(share: float) -> torch.Tensor:
    """(1, 1, H, W) gate with `share` of the positions open, in blobs as trained gates have them."""
    smooth = F.interpolate(torch.rand(1, 1, 6, 10), SIZE, mode="bicubic")
    threshold = smooth.flatten().quantile(1 - share) if share else smooth.max()
    gate = torch.where(smooth > threshold, 0.5, 0.0)
    return torch.full_like(gate, 0.5) if share == 1 else gate


def needed(gate: torch.Tensor) -> list[int]:
    """Of each of the two convolutions the positions that it is needed at."""
    around = F.max_pool2d(gate, 3, stride=1, padding=1)
    return [int(m.gt(0).sum()) for m in (around, gate)]


def products(patches: list[torch.Tensor], weight: torch.Tensor) -> list[torch.Tensor]:
    return [rows @ weight for rows in patches]


@torch.no_grad()
def main() -> None:
    setup()
    cell = GatedBottleneck(CHANNELS, 1.0).to(memory_format=torch.channels_last).eval()
    x = torch.randn(1, CHANNELS, *SIZE).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(9 * CHANNELS, CHANNELS)
    for share in SHARES:
        gate = gate_map(share)
        counts = needed(gate)
        patches = [torch.randn(m, 9 * CHANNELS) for m in counts]
        cell.gate.of_table = lambda _, gate=gate: Table.of([gate])
        functions = {
            "masked": partial(cell, x, "", ""),
            "dense": partial(cell.dense, x, gate),
            "products": partial(products, patches, weight),
        }
        seconds = medians(functions, 9)
        ratio, arithmetic = (seconds[k] / seconds["dense"] for k in ("masked", "products"))
        work = sum(counts) / (2 * gate.numel())
        report(f"open={share:.2f}", ratio=ratio, arithmetic=arithmetic, work=work, **seconds)


if __name__ == "__main__":
    main()
