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

# Values gathered at a time: 2048 positions of a 3x3 convolution at 256 channels, 19 MB of floats:
# with half of that torch's cost of a call is felt, with twice as much the cache is left.
BLOCK_VALUES = 9 * 2**19


def conv_patches(
    gather: Callable[[slice], Tensor], positions: int, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """A k x k convolution at M positions whose patches are put together as they are needed.

    gather: slice of the positions -> rows (k m k, C), ordered by patch row, position and patch
    column; weight: (C_out, C, k, k); bias: (C_out,). Returns (M, C_out). While gradients are
    recorded the patches, which are kept, are one block, and the convolution is a matrix product for
    each patch row: oneDNN's strided convolution goes backward at half the speed.
    """
    out_channels, channels, kernel, _ = weight.shape

    def conv(first: int, last: int) -> Tensor:
        # Patches side by side are an image; with stride k the convolution sees each one once, and
        # it is faster than the matrix product of torch (oneDNN's kernel against MKL's).
        image = gather(slice(first, last)).view(1, kernel, -1, channels).permute(0, 3, 1, 2)
        return F.conv2d(image, weight, bias, stride=kernel).permute(0, 2, 3, 1)[0, 0]

    if positions == 0:
        return weight.new_empty(0, out_channels)
    if torch.is_grad_enabled():
        rows = gather(slice(0, positions)).view(kernel, positions, kernel * channels)
        matrix = weight.permute(2, 3, 1, 0).reshape(kernel, kernel * channels, out_channels)
        out = (rows @ matrix).sum(0)
        return out if bias is None else out + bias
    blocks = -(-positions * weight[0].numel() // BLOCK_VALUES)
    size = -(-positions // blocks)
    return torch.cat([conv(i, min(i + size, positions)) for i in range(0, positions, size)])
