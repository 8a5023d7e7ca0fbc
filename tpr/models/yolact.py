"""YOLACT [7]: anchors with mask coefficients, and masks as linear combinations of prototypes.

YOLACT-VIS is this head beside the dense tracking head (tpr.models.tracking), as for the paper's
other one-stage methods.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from detectron2.structures import Boxes, Instances
from torch import Tensor, nn

from tpr.models.fast_nms import fast_nms
from tpr.models.instances import TrackSamples
from tpr.models.masks import FrameMasks
from tpr.models.selection import indices_above
from tpr.models.yolact_losses import (
    box_loss,
    class_loss,
    crop_to_boxes,
    mask_loss,
    semantic_loss,
)
from tpr.models.yolact_targets import (
    RATIOS,
    AnchorTargets,
    decode_offsets,
    make_anchors,
    match_anchors,
)
from tpr.parallel.image_rng import image_rng
from tpr.parallel.loss_counts import total
from tpr.routing.start import start_bias

FINEST_STRIDE = 8  # of P3, from which the prototypes are made
PROTOTYPE_STRIDE = 4


class Predictions(NamedTuple):
    """offsets (N, A, 4), see `decode_offsets`; logits (N, A, 1 + K), background first; coefficients
    (N, A, B) in -1..1; prototypes (N, B, 2 H_3, 2 W_3), not negative; anchors (A, 4)."""

    offsets: Tensor
    logits: Tensor
    coefficients: Tensor
    prototypes: Tensor
    anchors: Tensor


def conv(in_channels: int, out_channels: int, size: int = 3) -> nn.Conv2d:
    """A convolution of stride 1 that keeps the size; Xavier's weights, no bias at the start."""
    layer = nn.Conv2d(in_channels, out_channels, size, padding=size // 2)
    nn.init.xavier_uniform_(layer.weight)
    start_bias(layer)
    return layer


def protonet(channels: int, width: int, prototypes: int) -> nn.Sequential:
    """P3 (N, C, H, W) -> prototypes (N, B, 2 H, 2 W)."""
    layers: list[nn.Module] = []
    for i in range(3):
        layers += [conv(width if i else channels, width), nn.ReLU()]
    up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    layers += [up, nn.ReLU(), conv(width, width), nn.ReLU(), conv(width, prototypes, 1), nn.ReLU()]
    return nn.Sequential(*layers)


class YOLACT(nn.Module):
    """Instance head on P3..P7, its prediction layers shared over the levels.

    prototypes: their number; width: of the prototypes' network; scales: anchor side of each level
    in pixels, `max_size`: see `make_anchors`. masks_to_train: positive anchors of an image that
    the mask loss looks at. Test settings: a class score above `threshold`, fast NMS at IoU `nms`
    among the `top_before` best of each class, then the `top_after` best of all.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        prototypes: int = 32,
        width: int = 256,
        scales: Sequence[float] = (24, 48, 96, 192, 384),
        max_size: int | None = None,
        masks_to_train: int = 100,
        threshold: float = 0.05,
        nms: float = 0.5,
        top_before: int = 200,
        top_after: int = 100,
    ) -> None:
        super().__init__()
        self.num_classes, self.masks_to_train = num_classes, masks_to_train
        self.scales, self.max_size = tuple(scales), max_size
        self.threshold = threshold
        self.test_settings = {
            "iou": nms,
            "threshold": threshold,
            "top": top_before,
            "keep": top_after,
        }
        self.protonet = protonet(channels, width, prototypes)
        self.tower = nn.Sequential(conv(channels, channels), nn.ReLU())
        self.bbox_pred = conv(channels, len(RATIOS) * 4)
        self.cls_logits = conv(channels, len(RATIOS) * (num_classes + 1))
        self.coefficients = conv(channels, len(RATIOS) * prototypes)
        self.semantic = conv(channels, num_classes, 1)

    def forward(self, pyramid: dict[str, Tensor]) -> Predictions:
        """Pyramid of (N, C, H_l, W_l), fine to coarse."""
        levels = list(pyramid.values())
        towers = [self.tower(x) for x in levels]
        sizes = [(x.shape[-2], x.shape[-1]) for x in levels]
        image = (sizes[0][0] * FINEST_STRIDE, sizes[0][1] * FINEST_STRIDE)
        return Predictions(
            by_anchor([self.bbox_pred(x) for x in towers], 4).float(),
            by_anchor([self.cls_logits(x) for x in towers], self.num_classes + 1).float(),
            by_anchor([self.coefficients(x) for x in towers], self.prototypes).tanh(),
            self.protonet(levels[0]),
            make_anchors(sizes, image, self.scales, self.max_size, levels[0].device),
        )

    @property
    def prototypes(self) -> int:
        return self.coefficients.out_channels // len(RATIOS)

    def losses(
        self, pyramid: dict[str, Tensor], instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], TrackSamples]:
        """Losses for ground truth with gt_boxes, gt_classes, gt_masks (BitMasks), and the boxes
        that the positive anchors predict, for the tracking head.

        All are sums over the batch, divided by the number of positive anchors; the semantic one,
        which trains P3 only, is divided by the number of images.
        """
        found = self(pyramid)
        targets = match_anchors(found.anchors, instances)
        positives = [index for (index,) in indices_above([targets.labels], 0)]
        count = total((targets.labels > 0).sum()).clamp(min=1)
        semantic = self.semantic(next(iter(pyramid.values()))).float()
        losses = {
            "loss_box": box_loss(found.offsets, found.anchors, targets, positives, instances)
            / count,
            "loss_cls": class_loss(found.logits, targets.labels) / count,
            "loss_mask": self._mask_loss(found, targets, positives, instances) / count,
            "loss_semantic": semantic_loss(semantic, instances, FINEST_STRIDE)
            / total(len(instances)),
        }
        return losses, self._track_samples(found, targets, positives)

    def _mask_loss(
        self,
        found: Predictions,
        targets: AnchorTargets,
        positives: Sequence[Tensor],
        instances: Sequence[Instances],
    ) -> Tensor:
        loss = found.prototypes.sum() * 0
        for image, (truth, positive) in enumerate(zip(instances, positives, strict=True)):
            share = max(len(positive) / self.masks_to_train, 1.0)
            if share > 1:
                with image_rng(image, len(instances)):
                    order = torch.randperm(len(positive), device=positive.device)
                positive = positive[order[: self.masks_to_train]]
            if len(positive):
                masks = assemble(found.prototypes[image], found.coefficients[image, positive])
                index = targets.instance[image, positive]
                loss = loss + share * mask_loss(masks, truth, index, PROTOTYPE_STRIDE)
        return loss

    def _track_samples(
        self, found: Predictions, targets: AnchorTargets, positives: Sequence[Tensor]
    ) -> TrackSamples:
        image = torch.cat([torch.full_like(index, i) for i, index in enumerate(positives)])
        anchor = torch.cat(list(positives))
        boxes = decode_offsets(found.offsets[image, anchor].detach(), found.anchors[anchor])
        return TrackSamples(boxes, image, targets.instance[image, anchor])

    @torch.no_grad()
    def detect(
        self, pyramid: dict[str, Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[Instances]:
        """Instances of each image with pred_boxes (not clipped), scores, pred_classes and
        pred_masks: FrameMasks, 0 outside the box."""
        found = self(pyramid)
        results = []
        for image, size in enumerate(image_sizes):
            boxes = decode_offsets(found.offsets[image], found.anchors)
            anchor, classes, scores = self._select(boxes, found.logits[image].softmax(1)[:, 1:])
            out = Instances(size)
            out.pred_boxes, out.scores, out.pred_classes = Boxes(boxes[anchor]), scores, classes
            masks = assemble(found.prototypes[image], found.coefficients[image, anchor])
            masks = crop_to_boxes(masks.sigmoid(), boxes[anchor] / PROTOTYPE_STRIDE)
            out.pred_masks = FrameMasks(masks, PROTOTYPE_STRIDE)
            results.append(out)
        return results

    def _select(self, boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (A, 4), class scores (A, K) -> the detections' anchors, classes and scores (D,)."""
        candidates = (scores.amax(1) > self.threshold).nonzero().squeeze(1)
        chosen, classes, scores = fast_nms(
            boxes[candidates], scores[candidates].t(), **self.test_settings
        )
        return candidates[chosen], classes, scores


def by_anchor(levels: Sequence[Tensor], fields: int) -> Tensor:
    """[(N, ratios * fields, H_l, W_l)] -> (N, A, fields) in the anchors' order."""
    return torch.cat(
        [x.permute(0, 2, 3, 1).reshape(len(x), -1, fields) for x in levels],
        1,
    )


def assemble(prototypes: Tensor, coefficients: Tensor) -> Tensor:
    """Mask logits: combinations of prototypes (B, h, w) by coefficients (D, B): (D, h, w)."""
    return torch.einsum("bhw,db->dhw", prototypes, coefficients)
