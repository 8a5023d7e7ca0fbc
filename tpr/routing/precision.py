"""Casts that mixed precision needs in code: operands of different dtypes, and sums that need fp32.

Under autocast convolutions and products give half precision, norms (on CUDA) and parameters fp32;
which operations accept both at once, and which of them autocast casts, differs between devices.
Without autocast, in one dtype, nothing here changes anything.
"""

from __future__ import annotations

from functools import reduce

import torch
from torch import Tensor


def alike(*tensors: Tensor) -> list[Tensor]:
    """The tensors in the widest of their dtypes."""
    widest = reduce(torch.promote_types, (x.dtype for x in tensors))
    return [x.to(widest) for x in tensors]


def at_least_float32(x: Tensor) -> Tensor:
    """x itself, or in fp32 where it is narrower."""
    return x.to(torch.promote_types(x.dtype, torch.float32))
