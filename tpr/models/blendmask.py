"""BlendMask [11]: FCOS boxes, whose masks blend image-wide bases with per-box attention maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from detectron2.structures import Instances
from torch import Tensor, nn
from torchvision.ops import roi_align

from tpr.models.fcos import FCOS, FCOSOutput, Positives, decode_boxes, join, to_instances
from tpr.models.instances import TrackSamples
from tpr.models.selection import constant, places
from tpr.routing.norm import group_norm
from tpr.routing.start import start_bias

BASIS_LEVELS = ("p3", "p4", "p5")
BASIS_STRIDE = 4


def conv_norm_relu(in_channels: int, out_channels: int, norm: str) -> nn.Sequential:
    """Conv3x3 without bias, norm ("BN" or "GN"), ReLU."""
    conv = nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False)
    nn.init.kaiming_uniform_(conv.weight, a=1)
    layer = {"BN": nn.BatchNorm2d, "GN": group_norm}[norm](out_channels)
    return nn.Sequential(conv, layer, nn.ReLU())


class BasisModule(nn.Module):
    """Bases (N, B, 2 H_3, 2 W_3), stride 4: P3..P5 refined, summed at P3, a tower, upsampled."""

    def __init__(self, channels: int, width: int = 128, bases: int = 4, norm: str = "BN") -> None:
        super().__init__()
        self.refine = nn.ModuleList(conv_norm_relu(channels, width, norm) for _ in BASIS_LEVELS)
        self.tower = nn.Sequential(
            *(conv_norm_relu(width, width, norm) for _ in range(3)),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            conv_norm_relu(width, width, norm),
            nn.Conv2d(width, bases, 1),
        )

    def forward(self, pyramid: dict[str, Tensor]) -> Tensor:
        x = self.refine[0](pyramid[BASIS_LEVELS[0]])
        for refine, level in zip(self.refine[1:], BASIS_LEVELS[1:], strict=True):
            coarse = refine(pyramid[level])
            x = x + F.interpolate(coarse, x.shape[-2:], mode="bilinear", align_corners=False)
        return self.tower(x)


class BlendMask(nn.Module):
    """Instance head on P3..P7.

    attention: side of a box's attention map; resolution: side of its mask (and of the ROI of the
    bases). Test settings are those of FCOS.detect.
    """

    def __init__(
        self,
        fcos: FCOS,
        basis: BasisModule,
        channels: int,
        *,
        bases: int = 4,
        attention: int = 14,
        resolution: int = 56,
        threshold: float = 0.05,
        nms: float = 0.6,
        top_before: int = 1000,
        top_after: int = 100,
    ) -> None:
        super().__init__()
        self.fcos, self.basis = fcos, basis
        self.attention, self.resolution = attention, resolution
        self.test_settings = {
            "threshold": threshold,
            "nms": nms,
            "top_before": top_before,
            "top_after": top_after,
        }
        self.top_layer = nn.Conv2d(channels, bases * attention**2, 3, padding=1)
        nn.init.normal_(self.top_layer.weight, std=0.01)
        start_bias(self.top_layer)

    def losses(
        self, pyramid: dict[str, Tensor], instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], TrackSamples]:
        """Losses for ground truth with gt_boxes, gt_classes, gt_masks (BitMasks), and the boxes
        that the positive locations predict, for the tracking head."""
        bases = self.basis(pyramid)
        output = self.fcos(list(pyramid.values()))
        losses, positives = self.fcos.losses(output, instances)
        losses["loss_mask"] = self._mask_loss(bases, output, positives, instances)
        return losses, self._track_samples(output, positives, instances)

    def _mask_loss(
        self,
        bases: Tensor,
        output: FCOSOutput,
        positives: Positives,
        instances: Sequence[Instances],
    ) -> Tensor:
        """Centerness-weighted cross entropy of the blended masks in the ground-truth boxes."""
        if len(positives.place) == 0:
            return bases.sum() * 0
        target = positives.targets
        position = self._position_in_level(output, positives)
        attention = self._attention_at(output, target.level, target.image, position)
        rois = self._pool(bases, [x.gt_boxes.tensor for x in instances])
        logits = blend(rois[target.instance], attention, self.attention)
        truth = torch.cat(
            [
                x.gt_masks.crop_and_resize(x.gt_boxes.tensor, self.resolution)
                for x in instances
                if len(x)
            ]
        )[target.instance]
        loss = F.binary_cross_entropy_with_logits(logits, truth.to(logits), reduction="none")
        return (loss.mean((1, 2)) * positives.centerness).sum() / positives.normaliser

    def _position_in_level(self, output: FCOSOutput, positives: Positives) -> Tensor:
        """Flat index of each positive location in its level's map: (P,)."""
        sizes = tuple(x.shape[-2] * x.shape[-1] for x in output.logits)
        sizes = constant(sizes, positives.place.device)
        images = len(output.logits[0])
        level = positives.targets.level
        first = (sizes.cumsum(0) - sizes)[level] * images + positives.targets.image * sizes[level]
        return positives.place - first

    def _track_samples(
        self, output: FCOSOutput, positives: Positives, instances: Sequence[Instances]
    ) -> TrackSamples:
        target = positives.targets
        strides = constant(self.fcos.strides, target.level.device)[target.level]
        points = self._all_locations(output, len(instances))[positives.place]
        boxes = decode_boxes(points, positives.sides.detach() * strides[:, None])
        counts = constant([0, *map(len, instances)], target.image.device)
        first = counts.cumsum(0)[target.image]
        return TrackSamples(boxes, target.image, target.instance - first)

    def _all_locations(self, output: FCOSOutput, images: int) -> Tensor:
        """Locations in the order of the targets: (M, 2)."""
        return torch.cat([x.repeat(images, 1) for x in self.fcos.locations(output)])

    def _pool(self, bases: Tensor, boxes: list[Tensor]) -> Tensor:
        """ROIAlign (v2, one sample a bin) of the bases: (R, B, resolution, resolution)."""
        return roi_align(bases, boxes, self.resolution, 1 / BASIS_STRIDE, 1, True)

    @torch.no_grad()
    def detect(
        self, pyramid: dict[str, Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[Instances]:
        """Instances of each image with pred_boxes (not clipped), scores, pred_classes and
        pred_masks: probabilities (D, resolution, resolution) in the box."""
        bases = self.basis(pyramid)
        output = self.fcos(list(pyramid.values()))
        found = self.fcos.detect(output, **self.test_settings)
        every = join(found)
        image = torch.cat([torch.full_like(one.level, i) for i, one in enumerate(found)])
        rois = self._pool(bases, [one.boxes for one in found])
        attention = self._attention_at(output, every.level, image, every.position)
        masks = blend(rois, attention, self.attention).sigmoid()
        results = [to_instances(*one) for one in zip(found, image_sizes, strict=True)]
        for one, mask in zip(results, masks.split([len(x) for x in results]), strict=True):
            one.pred_masks = mask
        return results

    def _attention_at(
        self, output: FCOSOutput, level: Tensor, image: Tensor, position: Tensor
    ) -> Tensor:
        """The top layer's vectors at the given positions only: (P, B attention^2).

        level, image, position (P,): where; position is the flat index in the level's map.
        """
        weight, bias = self.top_layer.weight.flatten(1), self.top_layer.bias
        assert bias is not None
        rows = weight.new_zeros(len(level), len(weight))
        for tower, here in zip(output.tower, places(level, len(output.tower)), strict=True):
            if len(here):
                patches = F.unfold(tower, 3, padding=1)[image[here], :, position[here]]
                attention = patches @ weight.t() + bias
                rows = rows.index_copy(0, here, attention.to(rows))
        return rows


def blend(rois: Tensor, attention: Tensor, size: int) -> Tensor:
    """Sum over the bases of ROI (R, B, S, S) times softmaxed attention (R, B size^2): (R, S, S)."""
    maps = attention.view(len(rois), rois.shape[1], size, size)
    maps = F.interpolate(maps, rois.shape[-2:], mode="bilinear", align_corners=False)
    return (rois * maps.softmax(1)).sum(1)
