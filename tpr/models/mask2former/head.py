"""Mask2Former [Cheng et al., CVPR 2022], small: queries that each show one object or none.

What differs from it: the features are the pyramid's own, refined or not, as in MaskFormer, without
a deformable pixel decoder between; masks are compared in all cells; a detection has one class.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from detectron2.structures import Boxes, Instances
from torch import Tensor, nn

from tpr.models.fast_nms import fast_nms
from tpr.models.instances import TrackSamples
from tpr.models.mask2former.decoder import Prediction, QueryDecoder
from tpr.models.mask2former.losses import set_losses
from tpr.models.mask2former.tracking import bear, track_embeddings
from tpr.models.masks import FrameMasks
from tpr.routing.norm import group_norm

FINEST, STRIDE = "p3", 4  # masks have twice the resolution of P3


def pixel_head(channels: int, width: int) -> nn.Sequential:
    """P3 (N, C, H, W) -> features of the pixels (N, width, 2 H, 2 W)."""
    layers: list[nn.Module] = []
    for inside in (channels, width):
        conv = nn.Conv2d(inside, width, 3, padding=1, bias=False)
        layers += [conv, group_norm(width), nn.ReLU()]
    layers.insert(3, nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False))
    return nn.Sequential(*layers, nn.Conv2d(width, width, 1))


class Mask2Former(nn.Module):
    """Instance head on P3..P5 of a pyramid.

    queries: how many objects an image can show; width: of their embeddings; layers: of the decoder,
    one a level from P5 to P3 and again; heads: of attention; feedforward: width inside a layer's
    perceptron. Test settings: a score above `threshold`, NMS at IoU `nms` among the `top_before`
    best of each class (1: none, as Mask2Former), then the `top_after` best of all.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        queries: int = 100,
        width: int = 256,
        layers: int = 9,
        heads: int = 8,
        feedforward: int = 2048,
        threshold: float = 0.05,
        nms: float = 1.0,
        top_before: int = 100,
        top_after: int = 100,
    ) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.test_settings = {
            "iou": nms,
            "threshold": threshold,
            "top": top_before,
            "keep": top_after,
        }
        self.pixels = pixel_head(channels, width)
        self.decoder = QueryDecoder(
            channels,
            num_classes,
            queries=queries,
            width=width,
            layers=layers,
            heads=heads,
            feedforward=feedforward,
        )

    def forward(self, pyramid: dict[str, Tensor]) -> tuple[list[Prediction], Tensor]:
        """Pyramid of (N, C, H_l, W_l) -> the predictions of the decoder, the last of which counts,
        and the queries' embeddings (N, Q, width)."""
        return self.decoder(pyramid, self.pixels(pyramid[FINEST]))

    def losses(
        self, pyramid: dict[str, Tensor], instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], TrackSamples]:
        """Losses for ground truth with gt_classes and gt_masks (BitMasks); no samples for a
        tracking head, as MinVIS trains none."""
        found = self(pyramid)[0]
        none = torch.zeros(0, dtype=torch.long, device=found[0].masks.device)
        samples = TrackSamples(none.new_zeros(0, 4, dtype=torch.float32), none, none)
        return set_losses(found, instances, STRIDE), samples

    @torch.no_grad()
    def detect(
        self, pyramid: dict[str, Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[Instances]:
        """Instances of each image with pred_boxes around the masks (with their queries'
        embeddings), scores, pred_classes and pred_masks: FrameMasks."""
        found, queries = self(pyramid)
        logits, masks = found[-1].logits.float(), found[-1].masks.float().sigmoid()
        images = zip(logits, masks, queries, image_sizes, strict=True)
        return [self._instances(*one) for one in images]

    def _instances(
        self, logits: Tensor, masks: Tensor, queries: Tensor, size: tuple[int, int]
    ) -> Instances:
        """Of an image: logits (Q, K + 1), mask probabilities (Q, h, w), embeddings (Q, width)."""
        scores, classes = logits.softmax(1)[:, :-1].max(1)
        of_class = F.one_hot(classes, self.num_classes) * (scores * certainty(masks))[:, None]
        boxes = STRIDE * boxes_around(masks > 0.5)
        query, classes, scores = fast_nms(boxes, of_class.t(), **self.test_settings)
        out = Instances(size)
        out.pred_boxes, out.scores, out.pred_classes = Boxes(boxes[query]), scores, classes
        embeddings = track_embeddings(queries.float())[query]
        bear(out.pred_boxes.tensor, embeddings)
        out.pred_masks = FrameMasks(masks[query], STRIDE)
        return out


def certainty(masks: Tensor) -> Tensor:
    """Mean probability inside of masks (D, h, w), 0 for empty ones: (D,)."""
    inside = masks > 0.5
    return (masks * inside).sum((1, 2)) / inside.sum((1, 2)).clamp(min=1)


def boxes_around(masks: Tensor) -> Tensor:
    """Boxes (D, 4, xyxy in cells) around bool masks (D, h, w); an empty mask's is the whole map."""
    sides = [masks.any(1), masks.any(2)]  # columns (D, w), rows (D, h)
    low = torch.stack([x.int().argmax(1) for x in sides], 1)
    high = torch.stack([x.shape[1] - x.flip(1).int().argmax(1) for x in sides], 1)
    return torch.cat([low, high], 1).float()
