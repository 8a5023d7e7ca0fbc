"""Deformable convolution (DCN v1 and v2) that is fast on CPU.

torchvision's CPU kernel samples position by position. Here the bilinear samples of all taps are
gathered from the channels-last feature table by `embedding_bag` (four rows a sample, weighted) and
convolved block by block; the numbers agree to float rounding.
On CUDA torchvision's own kernel is used, in exported graphs `grid_sample`, which has operators in
every format.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import (  # pyright: ignore[reportMissingTypeStubs]  # it has annotations
    deform_conv2d,
)

from tpr.routing.blocks import conv_patches
from tpr.routing.precision import at_least_float32
from tpr.routing.tables import feature_table, weighted_sums


def sampling_points(offset: Tensor, kernel: int, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Row and column of every tap, in pixels: two (N, H, W, k, k) tensors, k = kernel.

    The last axes are the tap's row and column. offset: (N, 2 k^2, H, W), (dy, dx) a tap, taps in
    row-major order (DCN's layout), for an output of H x W that reads every `stride`-th pixel of its
    input. Half precision cannot tell pixels apart, so the points are in fp32 then.
    """
    n, _, h, w = offset.shape
    offset = at_least_float32(offset)
    shift = offset.view(n, kernel, kernel, 2, h, w).permute(3, 0, 4, 5, 1, 2)
    taps = torch.arange(kernel, device=offset.device, dtype=offset.dtype) - (kernel - 1) / 2
    rows = stride * torch.arange(h, device=offset.device, dtype=offset.dtype)
    columns = stride * torch.arange(w, device=offset.device, dtype=offset.dtype)
    return (
        shift[0] + (rows.view(-1, 1, 1, 1) + taps.view(-1, 1)),
        shift[1] + (columns.view(-1, 1, 1) + taps),
    )


def neighbours(t: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """The pixels before and after each coordinate, each with its linear weight.

    Pixels outside [0, size) are clamped into it and have weight 0, as in DCN; a NaN coordinate has
    NaN weights.
    """
    low = t.floor()
    after, pixel = t - low, low.int()
    pairs: list[tuple[Tensor, Tensor]] = []
    for near, weight in ((pixel, 1 - after), (pixel + 1, after)):
        # Clamped as integers: whatever NaN is as an integer must not lead outside the map either.
        inside = near.clamp(0, size - 1)
        pairs.append((inside, weight * (inside == near)))
    return pairs


def bilinear_corners(y: Tensor, x: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Table rows and weights of the four neighbours of each point, both (N, H', W', k, k, 4).

    y, x: (N, H', W', k, k) pixel coordinates in N feature maps of `size` (H, W), which lie one
    after the other in the table. Neighbours outside the map have weight 0.
    """
    h, w = size
    first = h * torch.arange(len(y), device=y.device, dtype=torch.int).view(-1, 1, 1, 1, 1)
    columns = neighbours(x, w)
    index: list[Tensor] = []
    weight: list[Tensor] = []
    for row, row_weight in neighbours(y, h):
        start = (first + row) * w
        index += [start + column for column, _ in columns]
        weight += [row_weight * column_weight for _, column_weight in columns]
    return torch.stack(index, -1), torch.stack(weight, -1)


def by_position(corners: Tensor, groups: int) -> Tensor:
    """(N G, H', W', k, k, 4) -> (N H' W', k k G, 4): of a tap the groups side by side."""
    images, h, w, k = corners.shape[:4]
    apart = corners.view(images // groups, groups, h * w, k * k, 4)
    return apart.permute(0, 2, 3, 1, 4).reshape(images // groups * h * w, -1, 4)


def gathered_deform_conv(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    stride: int = 1,
) -> Tensor:
    """Deformable convolution with same padding; equals torchvision's within rounding.

    x: (N, C, H, W); offset: (N, 2 G k^2, H', W') in pixels, H' = ceil(H / stride), where each of
    the G groups of C / G channels has its own; weight: (C_out, C, k, k), k odd; mask:
    (N, G k^2, H', W') modulation, or None (DCN v1); bias: (C_out,). Returns (N, C_out, H', W').
    """
    n, _, h, w = x.shape
    kernel, (out_h, out_w) = weight.shape[-1], offset.shape[-2:]
    groups = offset.shape[1] // (2 * kernel**2)
    # A group is sampled like an image of its own.
    points = sampling_points(offset.reshape(n * groups, -1, out_h, out_w), kernel, stride)
    index, bilinear = bilinear_corners(*points, (h, w))
    if mask is not None:
        taps = mask.reshape(n * groups, kernel, kernel, out_h, out_w).permute(0, 3, 4, 1, 2)
        bilinear = bilinear * taps[..., None]
    table = feature_table(x.reshape(n * groups, -1, h, w))
    index, bilinear = (by_position(t, groups) for t in (index, bilinear))

    def gather(here: slice) -> Tensor:
        rows, weights = (t[here].flatten(0, 1) for t in (index, bilinear))
        return weighted_sums(table, rows, weights)

    out = conv_patches(gather, n * out_h * out_w, weight, bias)
    return out.view(n, out_h, out_w, -1).permute(0, 3, 1, 2)


def exported_deform_conv(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    stride: int = 1,
) -> Tensor:
    """`gathered_deform_conv` in operators that every format has; equals it within rounding."""
    n, _, h, w = x.shape
    kernel, (out_h, out_w) = weight.shape[-1], offset.shape[-2:]
    taps = kernel**2
    groups = offset.shape[1] // (2 * taps)
    offset = offset.reshape(n * groups, 2 * taps, out_h, out_w)
    points = [t.reshape(n * groups, out_h, -1) for t in sampling_points(offset, kernel, stride)]
    # In grid_sample's units -1 and 1 are the outer edges of the map, outside of which are zeros.
    y, x_axis = ((2 * t + 1) / size - 1 for t, size in zip(points, (h, w), strict=True))
    grid = torch.stack([x_axis, y], 3)
    sampled = F.grid_sample(x.reshape(n * groups, -1, h, w), grid, align_corners=False)
    # (N G, C / G, H', W' k^2) -> patches of each position, channel by channel
    sampled = sampled.view(n, groups, -1, out_h, out_w, taps)
    if mask is not None:
        modulation = mask.reshape(n, groups, 1, taps, out_h, out_w)
        sampled = sampled * modulation.permute(0, 1, 2, 4, 5, 3)
    patches = sampled.permute(0, 3, 4, 1, 2, 5).reshape(n, out_h, out_w, -1)
    return F.linear(patches, weight.flatten(1), bias).permute(0, 3, 1, 2)


def cuda_deform_conv(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    stride: int = 1,
) -> Tensor:
    """`gathered_deform_conv` by torchvision's kernels.

    Where fp16 has overflowed, offsets are NaN, of which the kernels would make places in memory,
    undefined in C++ and outside of the map on a CPU. They do not get them; the output is NaN there,
    so that the loss scaler finds out.
    """
    padding = weight.shape[-1] // 2
    settings = (weight, bias, (stride, stride), (padding, padding), (1, 1), mask)
    if offset.dtype is not torch.float16:
        return deform_conv2d(x, offset, *settings)
    lost = offset.isnan().any(1, keepdim=True)
    return deform_conv2d(x, offset.nan_to_num(), *settings).masked_fill(lost, torch.nan)


class DeformConv(nn.Module):
    """Deformable convolution with same padding, offsets given by the caller (paper Eq. 4: 3x3).

    Weights start as detectron2's and cvpods' deformable convolutions do (Kaiming, ReLU gain).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu")

    def forward(self, x: Tensor, offset: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, C, H, W), (N, 2 G k^2, H', W'), (N, G k^2, H', W') or None -> (N, C_out, H', W')."""
        if torch.compiler.is_exporting():
            return exported_deform_conv(x, offset, self.weight, mask, self.bias, self.stride)
        if x.is_cuda:
            return cuda_deform_conv(x, offset, self.weight, mask, self.bias, self.stride)
        return gathered_deform_conv(x, offset, self.weight, mask, self.bias, self.stride)
