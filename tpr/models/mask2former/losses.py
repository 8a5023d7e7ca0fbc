"""Mask2Former's losses of all predictions of the decoder.

Masks are compared in all cells of their map, not at 12544 points that are drawn: the map is small.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from detectron2.structures import Instances
from torch import Tensor

from tpr.models.mask2former.decoder import Prediction
from tpr.models.mask2former.matching import CELLS, CLASS, DICE, Pairs, costs, match
from tpr.models.yolact_losses import downsample
from tpr.parallel.loss_counts import total

NO_OBJECT = 0.1  # weight of queries that show nothing


def set_losses(
    found: Sequence[Prediction], instances: Sequence[Instances], stride: int
) -> dict[str, Tensor]:
    """Losses for ground truth with gt_classes and gt_masks (BitMasks), each a sum over the
    predictions; stride: of a mask's cells in pixels.

    The mask losses are divided by the number of objects of the batch, that of classes by the
    weights of its queries.
    """
    logits = torch.stack([one.logits for one in found]).float()  # (L, N, Q, K + 1)
    masks = torch.stack([one.masks for one in found]).float()  # (L, N, Q, h, w)
    size = (masks.shape[-2], masks.shape[-1])
    goals = [downsample(truth.gt_masks.tensor, size, stride).flatten(1) for truth in instances]
    classes = [truth.gt_classes for truth in instances]
    cells = masks.flatten(3)
    with torch.no_grad():
        tables = [
            costs(logits[:, i], cells[:, i], *one)
            for i, one in enumerate(zip(classes, goals, strict=True))
        ]
    pairs = match(tables)
    queries = logits.shape[2]
    objects = total(sum(min(len(one), queries) for one in classes))
    everything = total(len(instances) * queries)
    shown, true = cells[pairs[:3]], torch.cat(goals)[pairs.object]
    weights = objects + NO_OBJECT * (everything - objects)
    return {
        "loss_cls": CLASS * class_loss(logits, torch.cat(classes), pairs) / weights,
        "loss_mask": CELLS * cell_loss(shown, true) / max(objects, 1),
        "loss_dice": DICE * dice_loss(shown, true) / max(objects, 1),
    }


def class_loss(logits: Tensor, classes: Tensor, pairs: Pairs) -> Tensor:
    """Cross entropy of logits (L, N, Q, K + 1) with the classes (G,) of the batch's objects, a
    weighted sum; queries in no pair should say "no object"."""
    nothing = logits.shape[3] - 1
    goals = torch.full(logits.shape[:3], nothing, device=logits.device)
    goals[pairs[:3]] = classes[pairs.object]
    losses = F.cross_entropy(logits.flatten(0, 2), goals.flatten(), reduction="none")
    return torch.where(goals.flatten() == nothing, NO_OBJECT * losses, losses).sum()


def cell_loss(logits: Tensor, goals: Tensor) -> Tensor:
    """Cross entropy of mask logits (M, P) with masks (M, P), a mean over cells, summed."""
    losses = F.binary_cross_entropy_with_logits(logits, goals, reduction="none")
    return losses.mean(1).sum()


def dice_loss(logits: Tensor, goals: Tensor) -> Tensor:
    """1 - (2 |A and B| + 1) / (|A| + |B| + 1) of mask logits (M, P) with masks (M, P), summed."""
    shown = logits.sigmoid()
    shared = (shown * goals).sum(1)
    return (1 - (2 * shared + 1) / (shown.sum(1) + goals.sum(1) + 1)).sum()
