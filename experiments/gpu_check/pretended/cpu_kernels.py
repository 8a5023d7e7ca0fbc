"""What computes on the CPU where CUDA has kernels of its own, or where the CPU's are too slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Kernel = Callable[..., Any]


def mapped(change: Callable[[Tensor], Any], values: Any) -> Any:
    """An operation's arguments or results with every tensor changed."""
    if isinstance(values, Tensor):
        return change(values)
    if isinstance(values, list | tuple):
        return type(values)([mapped(change, x) for x in values])
    return values


def on_cpu(func: Kernel, name: str) -> Kernel:
    """What computes an operation on CPU tensors; name: the operation's, without overload."""
    return REPLACED.get(name, func) if "convolution" not in name else summed_in_float32(func)


def summed_in_float32(func: Kernel) -> Kernel:
    """fp16 rounded at the end, as tensor cores do; sums in fp16 take a CPU ten times as long."""

    def call(*args: Any) -> Any:
        if args[0].dtype is not torch.float16:
            return func(*args)
        return mapped(Tensor.half, func(*mapped(Tensor.float, args)))

    return call


def batch_norm(*args: Any) -> tuple[Tensor, ...]:
    """cudnn_batch_norm: x, weight, bias, running mean and variance, training, momentum, eps."""
    return (*torch.ops.aten.native_batch_norm(*args), torch.empty(0, dtype=torch.uint8))


def batch_norm_backward(
    x: Tensor,
    gradient: Tensor,
    weight: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    mean: Tensor | None,
    inverse_deviation: Tensor | None,
    eps: float,
    reserved: Tensor,
) -> tuple[Tensor, ...]:
    """cudnn_batch_norm_backward."""
    running, saved = (running_mean, running_var), (mean, inverse_deviation)
    return torch.ops.aten.native_batch_norm_backward(
        gradient, x, weight, *running, *saved, True, eps, [True, True, True]
    )


def deform_conv2d(x: Tensor, weight: Tensor, offset: Tensor, *others: Any) -> Tensor:
    """torchvision's CPU kernel reads outside of its memory at offsets that are NaN."""
    return torch.ops.torchvision.deform_conv2d(x, weight, finite(offset), *others)


def deform_conv2d_backward(
    gradient: Tensor, x: Tensor, weight: Tensor, offset: Tensor, *others: Any
) -> tuple[Tensor, ...]:
    return torch.ops.torchvision._deform_conv2d_backward(
        gradient, x, weight, finite(offset), *others
    )


def widened(kernel: Kernel) -> Kernel:
    """softmax or log_softmax (x, dim, half_to_float) that may give fp32 for half precision."""

    def call(x: Tensor, dim: int, half_to_float: bool) -> Tensor:
        return kernel(x.float() if half_to_float else x, dim, False)

    return call


def finite(offset: Tensor) -> Tensor:
    return offset.nan_to_num(nan=0.0, posinf=1e4, neginf=-1e4)


REPLACED: dict[str, Kernel] = {
    "_log_softmax": widened(torch.ops.aten._log_softmax),
    "_softmax": widened(torch.ops.aten._softmax),
    "_deform_conv2d_backward": deform_conv2d_backward,
    "cudnn_batch_norm": batch_norm,
    "cudnn_batch_norm_backward": batch_norm_backward,
    "deform_conv2d": deform_conv2d,
}
