"""TF32 on GPUs: single-precision factors are rounded to 10 bits of mantissa, sums are exact.

The tensor cores then multiply them, several times faster. torch does so for cuDNN's convolutions
but not for plain products, which deformable convolutions are made of, in bf16 training too, as
autocast runs those in single precision. This is the one place that decides; CPUs are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

_exact: list[None] = []


def allow_tf32(device: torch.device) -> None:
    """Training and inference call it before they use a device."""
    if device.type == "cuda" and not _exact:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True


@contextmanager
def exact_products() -> Iterator[None]:
    """Within the block single precision is exact, without TF32: for comparing devices."""
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    _exact.append(None)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        _exact.pop()
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
