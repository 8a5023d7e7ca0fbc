"""The displacement at which a sampling module reads the reference, as optical flow."""

from __future__ import annotations

from torch import Tensor


def mean_offset(offset: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean displacement over the taps of a deformable convolution, detached: (N, 2, H, W) as (dx,
    dy) in pixels.

    offset: (N, 2 k^2, H, W), (dy, dx) for each tap, in pixels; mask: (N, k^2, H, W), the taps'
    weights in the mean; None weighs all alike.
    """
    n, channels, h, w = offset.shape
    taps = offset.detach().view(n, channels // 2, 2, h, w)
    if mask is None:
        return taps.mean(1).flip(1)
    weights = mask.detach()[:, :, None]
    return ((taps * weights).sum(1) / weights.sum(1).clamp(min=1e-6)).flip(1)
