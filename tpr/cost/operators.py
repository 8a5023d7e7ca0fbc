"""Multiply-accumulates of every operator that has any: the formulas behind all cost tables.

One multiply-accumulate is one unit (fvcore's and the paper's "FLOP"); biases are free. For an
output of N x C x H x W:

- convolution: N C H W (C_in / groups) k^2; matrix product (M, K) x (K, P): M K P;
- deformable convolution: N H W k^2 C_in 4 for the bilinear samples (four weighted neighbours each),
  and its convolution. A weighted embedding bag costs its number of rows times C: gathering the
  samples by bags of four and multiplying them by the kernel therefore counts the same;
- bilinear resizing and grid sampling: 4 an output element; nearest: none;
- roi_align: 4 an output element and sampling point (2 x 2 points where their number is adaptive);
- normalisation: 1 an element (scale and shift, as Eq. 8's unit costs have it); the sums behind
  batch-independent statistics are not counted;
- elementwise products, activations, pooling, comparison, sorting and data movement: none.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor
from torchvision import ops as vision  # noqa: F401 - registers torch.ops.torchvision

aten = torch.ops.aten

CONVOLUTION, DEFORMABLE, SAMPLING, NORM, RESIZING = KINDS = (
    "convolutions and matrix products",
    "deformable convolutions",
    "sampling",
    "normalisation",
    "resizing",
)
BILINEAR = 4  # weighted neighbours of a sample
ADAPTIVE_POINTS = 4  # of a roi_align bin whose sampling_ratio is not given


def conv(x: Tensor, weight: Tensor, out: Tensor, transposed: bool = False) -> int:
    """Multiply-accumulates of a convolution of x with weight (C_out, C_in / groups, k, k) to out
    (N, C_out, H, W)."""
    positions = (x if transposed else out).shape
    return positions[0] * prod(positions[2:]) * weight.numel()


def convolution(x, weight, bias, stride, padding, dilation, transposed, *_, out_val, **__) -> int:
    return conv(x, weight, out_val, transposed)


def product(a: Tensor, b: Tensor, *_, out_val: Tensor, **__) -> int:
    """Multiply-accumulates of mm and bmm."""
    return out_val.numel() * a.shape[-1]


def added_product(bias: Tensor, a: Tensor, b: Tensor, *_, out_val: Tensor, **__) -> int:
    """Multiply-accumulates of addmm and baddbmm."""
    return out_val.numel() * a.shape[-1]


def deformable(x: Tensor, weight: Tensor, *_, out_val: Tensor, **__) -> int:
    samples = out_val.shape[0] * prod(out_val.shape[2:]) * prod(weight.shape[2:])
    return BILINEAR * samples * x.shape[1] + conv(x, weight, out_val)


def embedding_bag(table: Tensor, rows: Tensor, *_, **__) -> int:
    return rows.numel() * table.shape[1]


def one_an_element(x: Tensor, *_, **__) -> int:
    return x.numel()


def four_an_output(*_, out_val: Tensor, **__) -> int:
    return BILINEAR * out_val.numel()


def roi_align(x, rois, scale, height, width, sampling_ratio, *_, out_val: Tensor, **__) -> int:
    points = sampling_ratio**2 if sampling_ratio > 0 else ADAPTIVE_POINTS
    return BILINEAR * points * out_val.numel()


def _kind(kind: str, formula: Callable[..., int], *operators: str) -> dict:
    """Operators of torch and torchvision by name; a build of torch may lack some."""
    found = {}
    for name in operators:
        space = torch.ops.torchvision if name in ("deform_conv2d", "roi_align") else aten
        found[getattr(space, name)] = (kind, formula)
    return found


# operator -> (kind, formula(*arguments, out_val))
FORMULAS = (
    _kind(CONVOLUTION, convolution, "convolution", "_convolution")
    | _kind(CONVOLUTION, product, "mm", "bmm", "dot", "mv")
    | _kind(CONVOLUTION, added_product, "addmm", "baddbmm")
    | _kind(DEFORMABLE, deformable, "deform_conv2d")
    | _kind(SAMPLING, embedding_bag, "_embedding_bag", "_embedding_bag_forward_only")
    | _kind(SAMPLING, four_an_output, "grid_sampler_2d")
    | _kind(SAMPLING, roi_align, "roi_align")
    | _kind(NORM, one_an_element, "native_batch_norm", "cudnn_batch_norm", "native_group_norm")
    | _kind(NORM, one_an_element, "native_layer_norm", "_native_batch_norm_legit_no_training")
    | _kind(NORM, one_an_element, "_native_batch_norm_legit")
    | _kind(RESIZING, four_an_output, "upsample_bilinear2d", "_upsample_bilinear2d_aa")
)

# Operators that do no multiply-accumulates of the kinds above.
FREE = frozenset(
    """
    _reshape_alias _softmax _to_copy _unsafe_view abs add addcmul alias all amax amin any arange
    as_strided avg_pool2d bitwise_and bitwise_not ceil cat clamp clamp_max clamp_min clone
    constant_pad_nd contiguous copy cumsum detach div empty empty_like eq exp expand fill floor
    floor_divide full full_like gather ge gt index index_add index_copy index_put index_select le
    leaky_relu lerp lift_fresh log logical_and lt masked_fill max max_pool2d_with_indices maximum
    mean min minimum mul ne neg new_empty new_full new_zeros nonzero norm linalg_vector_norm ones
    ones_like permute pow promote_types reciprocal relu remainder repeat rsqrt rsub scalar_tensor
    scatter select sigmoid silu slice sort split split_with_sizes sqrt square squeeze stack sub
    sum t tanh topk transpose unbind unfold im2col unsqueeze upsample_nearest2d view where zero
    zeros zeros_like adaptive_avg_pool2d _adaptive_avg_pool2d resolve_conj resolve_neg hardtanh
    max_pool2d threshold split_copy flip roll linspace is_same_size item _local_scalar_dense frac
    round sin cos _safe_softmax
    """.split()
)
