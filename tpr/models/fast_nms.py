"""Fast NMS (YOLACT [7], section 3.3): boxes that are suppressed themselves suppress, too."""

from __future__ import annotations

from torch import Tensor

from tpr.models.boxes import pairwise_iou


def fast_nms(
    boxes: Tensor, scores: Tensor, *, iou: float, threshold: float, top: int, keep: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Per class, drops every box that overlaps a better one by more than `iou`.

    boxes: (M, 4); scores: (K, M), of which only those above the threshold count; top: how many
    boxes a class starts with; keep: how many detections stay in all. Returns index into the boxes
    (D,), class (D,) and score (D,), best first.
    """
    scores, order = scores.sort(1, descending=True)
    scores, order = scores[:, :top], order[:, :top]
    overlap = pairwise_iou(boxes, boxes)[order[:, :, None], order[:, None, :]]
    better = overlap.triu(diagonal=1).amax(1) if order.shape[1] else scores
    classes, rank = ((better <= iou) & (scores > threshold)).nonzero(as_tuple=True)
    best = scores[classes, rank].argsort(descending=True, stable=True)[:keep]
    classes, rank = classes[best], rank[best]
    return order[classes, rank], classes, scores[classes, rank]
