"""fvcore's count of the same network, as a cross-check of ours.

fvcore traces with torch.jit instead of dispatching, so it needs real tensors, and its formulas for
convolutions and matrix products are its own. For the other operators it gets ours.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from fvcore.nn import FlopCountAnalysis
from fvcore.nn.jit_handles import Handle, conv_flop_count, elementwise_flop_counter, get_shape
from torch import nn

from tpr.cost.operators import ADAPTIVE_POINTS, BILINEAR

Handler = Handle | Callable[[list[Any], list[Any]], int]


def shape_of(value: Any) -> list[int]:
    """Of a tensor in a trace; ValueError where the trace does not say."""
    found = get_shape(value)
    if found is None:
        raise ValueError(f"a traced value without a shape: {value}")
    return found


def deformable(inputs: list[Any], outputs: list[Any]) -> int:
    x, weight, out = shape_of(inputs[0]), shape_of(inputs[1]), shape_of(outputs[0])
    samples = out[0] * prod(out[2:]) * prod(weight[2:])
    convolution = conv_flop_count(x, weight, out)
    assert isinstance(convolution, int)  # a product of sides
    return BILINEAR * samples * x[1] + convolution


def embedding_bag(inputs: list[Any], outputs: list[Any]) -> int:
    return prod(shape_of(inputs[1])) * shape_of(inputs[0])[1]


def roi_align(inputs: list[Any], outputs: list[Any]) -> int:
    ratio = inputs[5].toIValue()
    points = ratio**2 if ratio > 0 else ADAPTIVE_POINTS
    return BILINEAR * points * prod(shape_of(outputs[0]))


nothing = elementwise_flop_counter(0, 0)

HANDLERS: dict[str, Handler] = {
    "aten::batch_norm": elementwise_flop_counter(1, 0),
    "aten::group_norm": elementwise_flop_counter(1, 0),
    "aten::layer_norm": elementwise_flop_counter(1, 0),
    "aten::upsample_bilinear2d": elementwise_flop_counter(0, BILINEAR),
    "aten::grid_sampler": elementwise_flop_counter(0, BILINEAR),
    "aten::upsample_nearest2d": nothing,
    "aten::adaptive_avg_pool2d": nothing,
    "aten::embedding_bag": embedding_bag,
    "torchvision::deform_conv2d": deformable,
    "torchvision::roi_align": roi_align,
}


def fvcore_analysis(module: nn.Module, *inputs: Any) -> FlopCountAnalysis:
    """fvcore's analysis of module(*inputs), which are tensors, with our handlers."""
    analysis = FlopCountAnalysis(module, inputs)
    for name, handler in HANDLERS.items():
        analysis.set_op_handle(name, handler)
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
