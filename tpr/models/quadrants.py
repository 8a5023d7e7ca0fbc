"""SipMask's spatial preservation: a mask is put together from its box's four quadrants."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def quadrants(boxes: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Where each cell of a map lies in each box: quadrant and whether it is inside, (P, H, W).

    boxes: (P, 4) xyxy in cells; size: (H, W). Quadrants are 0..3 in row-major order; their sides
    are half of the box's plus 0.05 cells, as in the reference's CropSplit kernel.
    """
    halves, inside = [], []
    for axis, length in ((1, size[0]), (0, size[1])):
        cell = torch.arange(length, device=boxes.device, dtype=boxes.dtype)
        low, high = boxes[:, axis, None], boxes[:, axis + 2, None]
        halves.append(cell - low >= (high - low + 0.1) / 2)
        inside.append((cell >= low) & (cell < high))
    quadrant = 2 * halves[0].long()[:, :, None] + halves[1].long()[:, None, :]
    return quadrant, inside[0][:, :, None] & inside[1][:, None, :]


def quadrant_logits(bases: Tensor, coefficients: Tensor, quadrant: Tensor) -> Tensor:
    """Mask logits that take each cell from its quadrant's mask: (P, H, W).

    bases: (B, H, W); coefficients: (P, 4 B), quadrant by quadrant; quadrant: (P, H, W).
    """
    per_quadrant = coefficients.view(len(coefficients), 4, len(bases)) @ bases.flatten(1)
    chosen = per_quadrant.gather(1, quadrant.flatten(1)[:, None])
    return chosen.view_as(quadrant)


def quadrant_masks(bases: Tensor, coefficients: Tensor, boxes: Tensor) -> Tensor:
    """Mask probabilities (P, H, W), 0 outside of the boxes (P, 4), which are in cells."""
    quadrant, inside = quadrants(boxes, (bases.shape[-2], bases.shape[-1]))
    return quadrant_logits(bases, coefficients, quadrant).sigmoid() * inside


def quadrant_mask_loss(
    bases: Tensor, coefficients: Tensor, boxes: Tensor, truth: Tensor, weight: Tensor
) -> Tensor:
    """Cross entropy inside the boxes over their area, weighted, a mean over one image's boxes.

    truth: (P, H, W), 0 or 1; weight: (P,). Scalar.
    """
    quadrant, inside = quadrants(boxes, (bases.shape[-2], bases.shape[-1]))
    logits = quadrant_logits(bases, coefficients, quadrant)
    loss = F.binary_cross_entropy_with_logits(logits, truth, reduction="none") * inside
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return (loss.sum((1, 2)) / area * weight).mean()
