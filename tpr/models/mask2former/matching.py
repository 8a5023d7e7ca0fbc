"""Which query is which object: the pairs of least cost, by scipy's Hungarian algorithm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

CLASS, CELLS, DICE = 2.0, 5.0, 5.0  # weights of costs and losses alike


class Pairs(NamedTuple):
    """The pairs of all predictions and images, each (M,); object: counted through the batch."""

    prediction: Tensor
    image: Tensor
    query: Tensor
    object: Tensor


def costs(logits: Tensor, masks: Tensor, classes: Tensor, goals: Tensor) -> Tensor:
    """Of an image: logits (L, Q, K + 1) and mask logits (L, Q, P) of L predictions with G objects,
    their classes (G,) and masks (G, P) of 0 and 1: (L, Q, G)."""
    likely = logits.softmax(2)[..., classes]
    wrong = F.softplus(-masks) @ goals.t() + F.softplus(masks) @ (1 - goals).t()
    shown = masks.sigmoid()
    shared = shown @ goals.t()
    dice = 1 - (2 * shared + 1) / (shown.sum(2, keepdim=True) + goals.sum(1) + 1)
    return CELLS * wrong / masks.shape[2] + DICE * dice - CLASS * likely


@torch.no_grad()
def match(found: Sequence[Tensor]) -> Pairs:
    """found: the costs (L, Q, G_i) of each image; every object gets a query as long as there are
    some. One transfer for all."""
    from scipy.optimize import (
        linear_sum_assignment,
    )  # training alone needs it: no part of tpr[demo]

    tables = torch.cat([table.flatten() for table in found]).nan_to_num().cpu().numpy()
    places, first, seen = [], 0, 0
    for image, table in enumerate(found):
        own = tables[first : first + table.numel()].reshape(table.shape)
        for prediction, one in enumerate(own):
            queries, objects = linear_sum_assignment(one)
            same = np.ones(len(queries), dtype=np.int64)
            places.append(np.stack([prediction * same, image * same, queries, objects + seen]))
        first, seen = first + table.numel(), seen + table.shape[2]
    return Pairs(*torch.from_numpy(np.concatenate(places, 1)).to(found[0].device))
