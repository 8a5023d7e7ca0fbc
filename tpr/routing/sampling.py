"""Deformable convolution (DCN v1 and v2) that is fast on CPU.

torchvision's CPU kernel samples position by position. Here the bilinear samples of all taps are
gathered from the channels-last feature table by one `embedding_bag` (four rows a sample, weighted)
and multiplied by the kernel in one matrix product; the numbers agree to float rounding.
On CUDA torchvision's own kernel is used.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import deform_conv2d


def sampling_points(offset: Tensor, kernel: int, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Row and column of every tap, in pixels: two (N, H, W, kernel^2) tensors.

    offset: (N, 2 kernel^2, H, W), (dy, dx) a tap, taps in row-major order (DCN's layout), for an
    output of H x W that reads every `stride`-th pixel of its input.
    """
    n, _, h, w = offset.shape
    taps = torch.arange(kernel, device=offset.device, dtype=offset.dtype) - (kernel - 1) / 2
    shift = offset.view(n, kernel * kernel, 2, h, w).permute(2, 0, 3, 4, 1)
    rows = stride * torch.arange(h, device=offset.device, dtype=offset.dtype).view(h, 1, 1)
    columns = stride * torch.arange(w, device=offset.device, dtype=offset.dtype).view(w, 1)
    return shift[0] + rows + taps.repeat_interleave(kernel), shift[1] + columns + taps.repeat(
        kernel
    )


def bilinear_corners(y: Tensor, x: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Table rows and weights of the four neighbours of each point: two (M, 4) tensors.

    y, x: (N, ...) pixel coordinates in N feature maps of `size` (H, W), which lie one after the
    other in the table. Neighbours outside the map have weight 0, as in DCN.
    """
    h, w = size
    top, left = y.floor(), x.floor()
    below, right = y - top, x - left
    first = torch.arange(y.shape[0], device=y.device).view(-1, *[1] * (y.dim() - 1)) * (h * w)
    index, weight = [], []
    for row, row_weight in ((top, 1 - below), (top + 1, below)):
        for column, column_weight in ((left, 1 - right), (left + 1, right)):
            inside = (row >= 0) & (row < h) & (column >= 0) & (column < w)
            index.append(first + row.clamp(0, h - 1).long() * w + column.clamp(0, w - 1).long())
            weight.append(row_weight * column_weight * inside)
    # NaN offsets give NaN weights, and must not give indices outside the table.
    rows = torch.stack(index, -1).view(-1, 4).clamp_(0, y.shape[0] * h * w - 1)
    return rows, torch.stack(weight, -1).view(-1, 4)


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
    n, channels, h, w = x.shape
    out_channels, _, kernel, _ = weight.shape
    out_h, out_w = offset.shape[-2:]
    taps = kernel * kernel
    groups = offset.shape[1] // (2 * taps)
    # a group is sampled like an image of its own
    points = sampling_points(offset.reshape(n * groups, -1, out_h, out_w), kernel, stride)
    index, bilinear = bilinear_corners(*points, (h, w))
    if mask is not None:
        modulation = mask.reshape(n * groups, taps, out_h, out_w)
        bilinear = bilinear * modulation.permute(0, 2, 3, 1).reshape(-1, 1)
    table = x.reshape(n * groups, -1, h, w).permute(0, 2, 3, 1).reshape(n * groups * h * w, -1)
    samples = F.embedding_bag(index, table, per_sample_weights=bilinear, mode="sum")
    if groups > 1:
        samples = samples.view(n, groups, out_h * out_w, taps, -1).permute(0, 2, 3, 1, 4)
    columns = samples.reshape(n * out_h * out_w, taps * channels)
    out = columns @ weight.permute(2, 3, 1, 0).reshape(-1, out_channels)
    if bias is not None:
        out = out + bias
    return out.view(n, out_h, out_w, out_channels).permute(0, 3, 1, 2)


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
        if x.is_cuda:
            padding = self.weight.shape[-1] // 2
            return deform_conv2d(x, offset, self.weight, self.bias, self.stride, padding, 1, mask)
        return gathered_deform_conv(x, offset, self.weight, mask, self.bias, self.stride)
