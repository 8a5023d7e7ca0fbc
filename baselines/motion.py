"""Where a sampling module looked: its `motion` record, as flow."""

from __future__ import annotations

from torch import Tensor


def mean_offset(offset: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean displacement of the taps of a deformable convolution, detached: (N, 2, H, W), (dx, dy).

    offset: (N, 2 k^2, H, W), (dy, dx) a tap, in pixels; mask: (N, k^2, H, W), weights of the taps.
    """
    n, channels, h, w = offset.shape
    taps = offset.detach().view(n, channels // 2, 2, h, w)
    if mask is None:
        return taps.mean(1).flip(1)
    weights = mask.detach()[:, :, None]
    return ((taps * weights).sum(1) / weights.sum(1).clamp(min=1e-6)).flip(1)
