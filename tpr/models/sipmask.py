"""SipMask-VIS [9]: FCOS with aligned features and masks from coefficients per box quadrant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from detectron2.structures import Boxes, Instances
from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss

from tpr.models.boxes import aligned_iou
from tpr.models.fast_nms import fast_nms
from tpr.models.fcos import centerness_targets, conv_tower, decode_boxes, flatten_levels
from tpr.models.fcos_targets import Targets, assign_targets, level_locations
from tpr.models.instances import TrackSamples
from tpr.models.masks import FrameMasks
from tpr.models.quadrants import quadrant_mask_loss, quadrant_masks
from tpr.models.selection import constant, places
from tpr.parallel.loss_counts import share, total
from tpr.routing.norm import group_norm
from tpr.routing.sampling import DeformConv
from tpr.routing.start import start_bias

BASIS_LEVELS = 3
MASK_STRIDE = 2
OFFSET_GROUPS = 4
EXTENT = 1.0  # mmdet's boxes include their last pixel
SMALLEST_AREA = 1.0  # of a predicted box that gets a mask loss, in mask cells


class SipMaskOutput(NamedTuple):
    """Per level: logits (N, K, H, W), sides in pixels (N, 4, H, W), which may be negative,
    centerness logits (N, 1, H, W), mask coefficients (N, 4 B, H, W); and the bases
    (N, B, 4 H_3, 4 W_3), stride 2."""

    logits: list[Tensor]
    sides: list[Tensor]
    centerness: list[Tensor]
    coefficients: list[Tensor]
    bases: Tensor


class Positives(NamedTuple):
    """The P positive locations of a batch: rows of the targets, and what is predicted there.

    targets: sides still in strides; boxes (P, 4), true_boxes (P, 4): in pixels; score (P,): of the
    true class, without gradient; coefficients (P, 4 B); local (P,): instance in its image.
    """

    targets: Targets
    boxes: Tensor
    true_boxes: Tensor
    score: Tensor
    coefficients: Tensor
    local: Tensor

    def at(self, chosen: Tensor) -> Positives:
        """The positives at an index."""
        targets = Targets(*(x[chosen] for x in self.targets))
        return Positives(targets, *(x[chosen] for x in self[1:]))


class FeatureAlign(nn.Module):
    """Deformable 3x3 convolution of the class features, steered by the predicted box sides."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.offset = nn.Conv2d(4, OFFSET_GROUPS * 18, 1, bias=False)
        self.conv = DeformConv(channels, channels)
        self.norm = group_norm(channels)
        nn.init.zeros_(self.offset.weight)
        nn.init.normal_(self.conv.weight, std=0.01)

    def forward(self, x: Tensor, sides: Tensor) -> Tensor:
        """(N, C, H, W) and sides in strides (N, 4, H, W), which get no gradient -> (N, C, H, W)."""
        return F.relu(self.norm(self.conv(x, self.offset(sides.detach()))))


class SipMask(nn.Module):
    """Instance head on P3..P7.

    depth: convolutions of the box tower, one more than those of the class tower; bases: B. The
    other options are those of FCOS, and its test settings, with fast NMS and score = class *
    centerness. Box regression is scale * output * stride, without ReLU or exponential.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        depth: int = 3,
        bases: int = 32,
        strides: Sequence[int] = (8, 16, 32, 64, 128),
        ranges: Sequence[float] = (64, 128, 256, 512),
        radius: float | None = 1.5,
        threshold: float = 0.03,
        nms: float = 0.5,
        top_before: int = 200,
        top_after: int = 10,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.strides, self.ranges, self.radius = tuple(strides), tuple(ranges), radius
        self.top_before = top_before
        self.nms_settings = {"iou": nms, "threshold": threshold, "top": 200, "keep": top_after}
        self.cls_tower = conv_tower(channels, depth - 1, bias=False)
        self.bbox_tower = conv_tower(channels, depth, bias=False)
        self.cls_logits = nn.Conv2d(channels, num_classes, 3, padding=1)
        self.bbox_pred = nn.Conv2d(channels, 4, 3, padding=1)
        self.ctrness = nn.Conv2d(channels, 1, 3, padding=1)
        self.coefficients = nn.Conv2d(channels, 4 * bases, 3, padding=1)
        self.basis = nn.Sequential(
            nn.Conv2d(BASIS_LEVELS * channels, 2 * channels, 1),
            nn.ReLU(),
            nn.Conv2d(2 * channels, bases, 3, padding=1),
            nn.ReLU(),
        )
        self.scales = nn.Parameter(torch.ones(len(self.strides)))
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        start_bias(self.cls_logits, -math.log(99))
        self.align = FeatureAlign(channels)

    def forward(self, pyramid: dict[str, Tensor]) -> SipMaskOutput:
        """pyramid: (N, C, H_l, W_l) of each level."""
        logits, all_sides, centerness, coefficients, towers = [], [], [], [], []
        for x, scale, stride in zip(pyramid.values(), self.scales, self.strides, strict=True):
            box = self.bbox_tower(x)
            sides = scale * self.bbox_pred(box)
            aligned = self.align(self.cls_tower(x), sides)
            logits.append(self.cls_logits(aligned).float())
            all_sides.append(sides.float() * stride)
            centerness.append(self.ctrness(box).float())
            coefficients.append(self.coefficients(aligned).float())
            towers.append(box)
        bases = self._bases(towers[:BASIS_LEVELS])
        return SipMaskOutput(logits, all_sides, centerness, coefficients, bases)

    def _bases(self, towers: list[Tensor]) -> Tensor:
        """Box towers of P3..P5 -> (N, B, 4 H_3, 4 W_3)."""
        size = towers[0].shape[-2:]
        resized = [F.interpolate(x, size, mode="bilinear", align_corners=False) for x in towers]
        scale = self.strides[0] // MASK_STRIDE
        bases = self.basis(torch.cat(resized, 1))
        return F.interpolate(bases, scale_factor=scale, mode="bilinear", align_corners=False)

    def _locations(self, output: SipMaskOutput) -> list[Tensor]:
        return [
            level_locations((x.shape[-2], x.shape[-1]), stride, x.device)
            for x, stride in zip(output.logits, self.strides, strict=True)
        ]

    def losses(
        self, pyramid: dict[str, Tensor], instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], TrackSamples]:
        """Losses for ground truth with gt_boxes, gt_classes, gt_masks (BitMasks), and the boxes
        that the positive locations predict, for the tracking head."""
        output = self(pyramid)
        points = self._locations(output)
        targets = assign_targets(
            points, self.strides, self.ranges, instances, self.num_classes, self.radius, EXTENT
        )
        index = (targets.labels != self.num_classes).nonzero().squeeze(1)
        points = torch.cat([x.repeat(len(instances), 1) for x in points])[index]
        positives = self._positives(output, targets, index, points, instances)
        losses = self._detection_losses(output, targets, index, positives)
        # The reference leaves boxes that are still tiny out of the mask and the tracking loss.
        area = (positives.boxes[:, 2:] - positives.boxes[:, :2]).detach().prod(1) / MASK_STRIDE**2
        large = positives.at((area > SMALLEST_AREA).nonzero().squeeze(1))
        images = share(len(instances))
        losses["loss_mask"] = mask_loss(output.bases, large, instances) * images
        return losses, TrackSamples(large.boxes.detach(), large.targets.image, large.local)

    def _positives(
        self,
        output: SipMaskOutput,
        targets: Targets,
        index: Tensor,
        points: Tensor,
        instances: Sequence[Instances],
    ) -> Positives:
        chosen = Targets(*(x[index] for x in targets))
        sides = flatten_levels(output.sides)[index]
        strides = constant(self.strides, points.device)[chosen.level]
        logits = flatten_levels(output.logits)[index].detach()
        counts = constant([0, *map(len, instances)], points.device)
        return Positives(
            chosen,
            decode_boxes(points, sides),
            decode_boxes(points, chosen.sides * strides[:, None]),
            logits.gather(1, chosen.labels[:, None]).squeeze(1).sigmoid(),
            flatten_levels(output.coefficients)[index],
            chosen.instance - counts.cumsum(0)[chosen.image],
        )

    def _detection_losses(
        self, output: SipMaskOutput, targets: Targets, index: Tensor, positives: Positives
    ) -> dict[str, Tensor]:
        """Focal loss, IoU loss weighted by centerness, and cross entropy of the centerness."""
        logits = flatten_levels(output.logits)
        one_hot = torch.zeros_like(logits)
        one_hot[index, targets.labels[index]] = 1
        centre = centerness_targets(positives.targets.sides)
        iou = aligned_iou(positives.boxes, positives.true_boxes, EXTENT)
        predicted = flatten_levels(output.centerness)[index, 0]
        count, images = total(len(index)), total(len(output.bases))
        cross_entropy = F.binary_cross_entropy_with_logits(predicted, centre, reduction="sum")
        return {
            "loss_cls": sigmoid_focal_loss(logits, one_hot, 0.25, 2.0, "sum") / (count + images),
            "loss_bbox": -(iou.clamp(min=1e-6).log() * centre).sum()
            / total(centre.sum()).clamp(min=1e-6),
            "loss_centerness": cross_entropy / max(count, 1),
        }

    @torch.no_grad()
    def detect(
        self, pyramid: dict[str, Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[Instances]:
        """Instances of each image with pred_boxes (inside the image), scores, pred_classes and
        pred_masks: FrameMasks of stride 2, 0 outside of the boxes."""
        output = self(pyramid)
        return [self._detect_one(output, i, size) for i, size in enumerate(image_sizes)]

    def _detect_one(self, output: SipMaskOutput, image: int, size: tuple[int, int]) -> Instances:
        levels = [
            self._level_candidates(output, i, image, points)
            for i, points in enumerate(self._locations(output))
        ]
        boxes, scores, coefficients = (torch.cat(x) for x in zip(*levels, strict=True))
        # Of all levels at once: a selection makes a GPU wait.
        index = (scores.amax(1) > self.nms_settings["threshold"]).nonzero().squeeze(1)
        boxes, scores, coefficients = boxes[index], scores[index], coefficients[index]
        x, y = boxes.view(-1, 2, 2).unbind(2)
        boxes = torch.stack([x.clamp(0, size[1] - 1), y.clamp(0, size[0] - 1)], 2).flatten(1)
        keep, classes, scores = fast_nms(boxes, scores.t(), **self.nms_settings)
        out = Instances(size)
        out.pred_boxes, out.scores, out.pred_classes = Boxes(boxes[keep]), scores, classes
        cells = boxes[keep] / MASK_STRIDE
        masks = quadrant_masks(output.bases[image], coefficients[keep], cells)
        out.pred_masks = FrameMasks(masks, MASK_STRIDE)
        return out

    def _level_candidates(
        self, output: SipMaskOutput, level: int, image: int, points: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (M, 4), scores (M, K) and coefficients (M, 4 B) of a level's best locations."""
        maps = (output.logits, output.centerness, output.sides, output.coefficients)
        logits, centerness, sides, coefficients = (x[level][image].flatten(1).t() for x in maps)
        scores = logits.sigmoid() * centerness.sigmoid()
        best = scores.amax(1)
        index = best.topk(min(self.top_before, len(best))).indices
        return decode_boxes(points[index], sides[index]), scores[index], coefficients[index]


def mask_loss(bases: Tensor, positives: Positives, instances: Sequence[Instances]) -> Tensor:
    """Mean over the images; boxes count by class score times IoU, normalised in each image."""
    loss = bases.sum() * 0
    chosen = places(positives.targets.image, len(instances))
    for image, (truth, index) in enumerate(zip(instances, chosen, strict=True)):
        found = positives.at(index)
        if len(found.local) == 0:
            continue
        boxes = found.boxes.detach() / MASK_STRIDE
        weight = found.score * aligned_iou(found.true_boxes / MASK_STRIDE, boxes, EXTENT)
        weight = weight / (weight.sum() + 1e-4) * len(weight)
        masks = half_size(truth.gt_masks.tensor, (bases.shape[-2], bases.shape[-1]))[found.local]
        loss = loss + quadrant_mask_loss(bases[image], found.coefficients, boxes, masks, weight)
    return loss / len(instances)


def half_size(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """bool (G, H, W) -> 0 or 1 at half the resolution, padded or cut to `size`: (G, *size)."""
    halved = F.interpolate(
        masks[None].float(), scale_factor=1 / MASK_STRIDE, mode="bilinear", align_corners=False
    )
    missing = (0, size[1] - halved.shape[-1], 0, size[0] - halved.shape[-2])
    return F.pad((halved[0] > 0.5).float(), missing)
