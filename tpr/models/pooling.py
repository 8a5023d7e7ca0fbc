"""Features of boxes, each from the pyramid level of its size."""

from __future__ import annotations

import torch
from detectron2.modeling.poolers import ROIPooler, assign_boxes_to_levels
from detectron2.structures import Boxes
from torch import Tensor

from tpr.models.selection import places


class LevelPooler(ROIPooler):
    """detectron2's ROIPooler, but a GPU's host waits once, not five times, to learn which boxes
    each level gets."""

    def forward(self, x: list[Tensor], box_lists: list[Boxes]) -> Tensor:
        """Levels (N, C, H_l, W_l), N images' boxes (D_i, 4) -> (sum of D_i, C, side, side)."""
        images = [one.tensor.new_full((len(one), 1), i) for i, one in enumerate(box_lists)]
        rois = torch.cat([torch.cat(images), torch.cat([one.tensor for one in box_lists])], 1)
        level = assign_boxes_to_levels(
            box_lists,
            self.min_level,
            self.max_level,
            self.canonical_box_size,
            self.canonical_level,
        )
        pooled = x[0].new_zeros(len(rois), x[0].shape[1], *self.output_size)
        chosen = places(level, len(x))
        for features, pooler, here in zip(x, self.level_poolers, chosen, strict=True):
            pooled.index_put_((here,), pooler(features, rois[here]))
        return pooled
