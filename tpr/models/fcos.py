"""FCOS: per-location class, box sides and centerness on a shared tower (AdelaiDet's variant)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from detectron2.structures import Boxes, Instances
from torch import Tensor, nn
from torchvision.ops import batched_nms, sigmoid_focal_loss

from tpr.models.fcos_targets import Targets, assign_targets, level_locations
from tpr.models.selection import indices_above
from tpr.parallel.loss_counts import total
from tpr.routing.norm import group_norm
from tpr.routing.start import start_bias


class FCOSOutput(NamedTuple):
    """Per level: logits (N, K, H, W), sides in strides (N, 4, H, W), centerness logits
    (N, 1, H, W), all in single precision, and the box tower's features (N, C, H, W)."""

    logits: list[Tensor]
    sides: list[Tensor]
    centerness: list[Tensor]
    tower: list[Tensor]


class Positives(NamedTuple):
    """The positive locations of a batch in the targets' order.

    place (P,) in the flattened locations; targets: their rows; centerness (P,): its targets;
    normaliser: the sum of the latter over the iteration, at least 1e-6; sides (P, 4): predicted, in
    strides.
    """

    place: Tensor
    targets: Targets
    centerness: Tensor
    normaliser: Tensor
    sides: Tensor


class Candidates(NamedTuple):
    """Detections of one image before or after NMS: boxes (D, 4) xyxy in pixels, not clipped;
    scores (D,); classes (D,); level (D,); position (D,): flat index in the level."""

    boxes: Tensor
    scores: Tensor
    classes: Tensor
    level: Tensor
    position: Tensor


def conv_tower(channels: int, depth: int, *, bias: bool = True) -> nn.Sequential:
    """`depth` times Conv3x3, GroupNorm, ReLU."""
    layers: list[nn.Module] = []
    for _ in range(depth):
        conv = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        layers += [conv, group_norm(channels), nn.ReLU()]
    return nn.Sequential(*layers)


class FCOS(nn.Module):
    """Anchor-free detector shared over the levels.

    strides: of the levels; ranges: upper bounds in pixels of max(l, t, r, b) for all levels but the
    last. Box regression is relu(scale * output), in strides.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        depth: int = 4,
        strides: Sequence[int] = (8, 16, 32, 64, 128),
        ranges: Sequence[float] = (64, 128, 256, 512),
        radius: float | None = 1.5,
        use_scale: bool = True,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.strides, self.ranges, self.radius = tuple(strides), tuple(ranges), radius
        self.cls_tower = conv_tower(channels, depth)
        self.bbox_tower = conv_tower(channels, depth)
        self.cls_logits = nn.Conv2d(channels, num_classes, 3, padding=1)
        self.bbox_pred = nn.Conv2d(channels, 4, 3, padding=1)
        self.ctrness = nn.Conv2d(channels, 1, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(self.strides))) if use_scale else None
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, std=0.01)
                start_bias(layer)
        start_bias(self.cls_logits, -math.log(99))

    def forward(self, features: Sequence[Tensor]) -> FCOSOutput:
        """features: (N, C, H_l, W_l) of each level."""
        out = FCOSOutput([], [], [], [])
        for i, x in enumerate(features):
            box = self.bbox_tower(x)
            sides = self.bbox_pred(box)
            if self.scales is not None:
                sides = sides * self.scales[i]
            out.logits.append(self.cls_logits(self.cls_tower(x)).float())
            out.sides.append(F.relu(sides).float())
            out.centerness.append(self.ctrness(box).float())
            out.tower.append(box)
        return out

    def locations(self, output: FCOSOutput) -> list[Tensor]:
        """(H_l W_l, 2) image coordinates of each level's positions."""
        return [
            level_locations((x.shape[-2], x.shape[-1]), stride, x.device)
            for x, stride in zip(output.logits, self.strides, strict=True)
        ]

    def losses(
        self, output: FCOSOutput, instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], Positives]:
        """Focal, GIoU and centerness losses (gt_boxes, gt_classes), and the positive locations."""
        targets = assign_targets(
            self.locations(output),
            self.strides,
            self.ranges,
            instances,
            self.num_classes,
            self.radius,
        )
        logits, sides, centerness = (flatten_levels(x) for x in output[:3])
        index = (targets.labels != self.num_classes).nonzero().squeeze(1)
        one_hot = torch.zeros_like(logits)
        one_hot[index, targets.labels[index]] = 1
        chosen = Targets(*(x[index] for x in targets))
        centre = centerness_targets(chosen.sides)
        normaliser = total(centre.sum()).clamp(min=1e-6)
        positives = Positives(index, chosen, centre, normaliser, sides[index])
        count = max(total(len(index)), 1)
        losses = {
            "loss_fcos_cls": sigmoid_focal_loss(logits, one_hot, 0.25, 2.0, "sum") / count,
            "loss_fcos_loc": (giou_loss(positives.sides, chosen.sides) * centre).sum()
            / positives.normaliser,
            "loss_fcos_ctr": F.binary_cross_entropy_with_logits(
                centerness[index, 0], centre, reduction="sum"
            )
            / count,
        }
        return losses, positives

    @torch.no_grad()
    def detect(
        self,
        output: FCOSOutput,
        *,
        threshold: float = 0.05,
        nms: float = 0.6,
        top_before: int = 1000,
        top_after: int = 100,
    ) -> list[Candidates]:
        """Detections of each image, best first.

        score = sqrt(class * centerness); the threshold applies before the square root, per-class
        NMS (IoU) after it; top_before is per level.
        """
        scores = [
            (logits.sigmoid() * centerness.sigmoid()).flatten(2).transpose(1, 2).flatten(1)
            for logits, centerness in zip(output.logits, output.centerness, strict=True)
        ]  # (N, H W K) of each level
        points = self.locations(output)
        images = []
        for image, above in enumerate(indices_above(scores, threshold)):
            levels = [
                self._candidates(output, image, i, scores[i][image], points[i], chosen, top_before)
                for i, chosen in enumerate(above)
            ]
            c = join(levels)
            keep = batched_nms(c.boxes, c.scores, c.classes, nms)
            images.append(select(c, keep[:top_after]))
        return images

    def _candidates(
        self,
        output: FCOSOutput,
        image: int,
        level: int,
        scores: Tensor,
        points: Tensor,
        chosen: Tensor,
        top: int,
    ) -> Candidates:
        """The `top` best of an image's `chosen` indices into a level's scores (H W K,)."""
        if len(chosen) > top:
            chosen = chosen[scores[chosen].topk(top).indices]
        position = chosen // self.num_classes
        sides = output.sides[level][image].flatten(1).t()[position] * self.strides[level]
        return Candidates(
            decode_boxes(points[position], sides),
            scores[chosen].sqrt(),
            chosen % self.num_classes,
            torch.full_like(chosen, level),
            position,
        )


def join(parts: Sequence[Candidates]) -> Candidates:
    """The candidates of all parts, one part after the other."""
    return Candidates(*(torch.cat(x) for x in zip(*parts, strict=True)))


def select(candidates: Candidates, keep: Tensor) -> Candidates:
    """The candidates at the indices `keep`."""
    return Candidates(*(x[keep] for x in candidates))


def flatten_levels(levels: Sequence[Tensor]) -> Tensor:
    """[(N, C, H_l, W_l)] -> (M, C) in the order of the targets: level, image, row, column."""
    return torch.cat([x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]) for x in levels])


def decode_boxes(points: Tensor, sides: Tensor) -> Tensor:
    """Locations (M, 2) and side distances in pixels (M, 4) -> xyxy boxes (M, 4)."""
    return torch.cat([points - sides[:, :2], points + sides[:, 2:]], 1)


def centerness_targets(sides: Tensor) -> Tensor:
    """sqrt(min(l, r) / max(l, r) * min(t, b) / max(t, b)): (P, 4) -> (P,)."""
    across, along = sides[:, 0::2], sides[:, 1::2]
    ratio = across.amin(1) / across.amax(1) * (along.amin(1) / along.amax(1))
    return ratio.sqrt()


def giou_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - GIoU of boxes given as sides from the same point, (P, 4) -> (P,); IoU as (I+1)/(U+1)."""
    low, high = torch.minimum(predicted, target), torch.maximum(predicted, target)
    intersection = (low[:, 0] + low[:, 2]) * (low[:, 1] + low[:, 3])
    enclosing = (high[:, 0] + high[:, 2]) * (high[:, 1] + high[:, 3])
    area = (predicted[:, 0] + predicted[:, 2]) * (predicted[:, 1] + predicted[:, 3])
    target_area = (target[:, 0] + target[:, 2]) * (target[:, 1] + target[:, 3])
    union = area + target_area - intersection
    iou = (intersection + 1) / (union + 1)
    return 1 - (iou - (enclosing - union) / enclosing.clamp(min=1e-7))


def to_instances(found: Candidates, image_size: tuple[int, int]) -> Instances:
    """detectron2 Instances with pred_boxes, scores and pred_classes."""
    out = Instances(image_size)
    out.pred_boxes, out.scores, out.pred_classes = Boxes(found.boxes), found.scores, found.classes
    return out
