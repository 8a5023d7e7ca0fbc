"""Selecting positions, and small constants, with as few transfers between host and GPU as possible.

The number of selected positions is known on the GPU only: whenever the host asks for it, it waits
until the GPU has caught up, and the GPU then waits for the host. Copying a small tensor to the GPU
waits, too.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor


def indices_above(levels: Sequence[Tensor], threshold: float) -> list[list[Tensor]]:
    """Of every image and level the ascending indices (P,) of scores (N, M_l) above the threshold;
    two transfers for all."""
    above = [scores > threshold for scores in levels]
    counts = torch.stack([x.sum(1) for x in above], 1).tolist()
    columns = torch.cat(above, 1).nonzero()[:, 1].split(list(itertools.chain(*counts)))
    first = [0, *itertools.accumulate(x.shape[1] for x in above)]
    return [
        [columns[len(levels) * image + i] - first[i] for i in range(len(levels))]
        for image in range(len(counts))
    ]


def places(values: Tensor, kinds: int) -> list[Tensor]:
    """Where values (P,) are 0, 1, ... `kinds` - 1: the ascending indices of each; one transfer."""
    counts = (values == torch.arange(kinds, device=values.device)[:, None]).sum(1).tolist()
    return list(values.argsort(stable=True).split(counts))


def constant(
    values: Sequence[float], device: torch.device, dtype: torch.dtype | None = None
) -> Tensor:
    """A few values as a tensor that is filled in on its device; nothing is copied there."""
    return torch.cat([torch.full((1,), value, dtype=dtype, device=device) for value in values])
