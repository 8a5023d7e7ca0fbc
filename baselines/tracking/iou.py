"""The IoU tracker (Bochinski et al., AVSS 2017): where an object was in the frame before."""

from __future__ import annotations

import torch
from torch import Tensor

from tpr.models.boxes import pairwise_iou

LEAST = 0.5  # IoU


class IoUTracker:
    """Boxes of a class go on, best overlaps first, with those of the frame before; what overlaps
    none begins a track, and a track that is not seen in a frame ends."""

    def __init__(self) -> None:
        self.boxes, self.classes = torch.zeros(0, 4), torch.zeros(0, dtype=torch.long)
        self.ids = torch.zeros(0, dtype=torch.long)
        self.count = 0

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        boxes, classes = boxes.cpu(), classes.cpu()
        same = classes[:, None] == self.classes[None]
        iou = torch.where(same, pairwise_iou(boxes, self.boxes), 0.0)
        ids = torch.full((len(boxes),), -1, dtype=torch.long)
        for _ in range(min(iou.shape)):
            row, column = divmod(int(iou.argmax()), iou.shape[1])
            if iou[row, column] < LEAST:
                break
            ids[row] = self.ids[column]
            iou[row], iou[:, column] = -1, -1
        new = ids < 0
        ids[new] = torch.arange(self.count, self.count + int(new.sum()))
        self.count += int(new.sum())
        self.boxes, self.classes, self.ids = boxes, classes, ids
        return ids
