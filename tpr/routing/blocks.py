"""Convolution of gathered patches, cut into blocks of positions that stay in the cache.

The patches of a 3x3 convolution are nine times its input. Gathered for a whole map they go through
memory twice, and into fresh pages each time: at 256 channels and 48x80 positions that takes half as
long as the arithmetic. A block's patches are still in the cache when they are multiplied, and the
next block gets the same memory.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# Values gathered at a time: 1024 positions of a 3x3 convolution at 256 channels, 9 MB of floats:
# with half of that torch's cost of a call is felt, with twice as much the cache is left.
BLOCK_VALUES = 9 * 2**18


def conv_patches(
    gather: Callable[[slice], Tensor], positions: int, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """A k x k convolution at M positions whose patches are put together as they are needed.

    gather: slice of the positions -> their m k^2 values of C channels, by position, patch row and
    patch column; weight: (C_out, C, k, k); bias: (C_out,). Returns (M, C_out). While gradients are
    recorded the patches, which are kept, are one block.
    """
    matrix = weight.permute(0, 2, 3, 1).flatten(1)

    def conv(here: slice) -> Tensor:
        return F.linear(gather(here).view(-1, matrix.shape[1]), matrix, bias)

    values = positions * matrix.shape[1]
    blocks = 1 if torch.is_grad_enabled() else -(-values // BLOCK_VALUES)
    if blocks <= 1:
        return conv(slice(0, positions))
    size = -(-positions // blocks)
    return torch.cat([conv(slice(i, i + size)) for i in range(0, positions, size)])
