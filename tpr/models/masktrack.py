"""MaskTrack R-CNN [69]: detectron2's Mask R-CNN on P2..P6, and a tracking head on box features."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling.anchor_generator import DefaultAnchorGenerator
from detectron2.modeling.box_regression import Box2BoxTransform
from detectron2.modeling.matcher import Matcher
from detectron2.modeling.proposal_generator.rpn import RPN, StandardRPNHead
from detectron2.modeling.roi_heads import (
    FastRCNNConvFCHead,
    FastRCNNOutputLayers,
    MaskRCNNConvUpsampleHead,
    StandardROIHeads,
)
from detectron2.structures import Boxes, ImageList, Instances
from detectron2.utils.events import EventStorage
from torch import Tensor, nn

from tpr.models.instances import TrackSamples
from tpr.models.pooling import LevelPooler
from tpr.parallel.image_rng import image_rng
from tpr.parallel.loss_counts import share
from tpr.routing.start import start_bias

LEVELS = ("p2", "p3", "p4", "p5", "p6")
STRIDES = (4, 8, 16, 32, 64)
BOX_LEVELS = LEVELS[:4]  # whose features boxes get
BOX_RESOLUTION, MASK_RESOLUTION = 7, 14
RATIOS = (0.5, 1.0, 2.0)


def box_pooler(resolution: int, canonical: int) -> LevelPooler:
    """Features of boxes (D, C, resolution, resolution), each from the level of its size.

    canonical: side in pixels of the boxes that belong to P4.
    """
    scales = [1 / stride for stride in STRIDES[: len(BOX_LEVELS)]]
    return LevelPooler(resolution, scales, 0, "ROIAlignV2", canonical_box_size=canonical)


class StreamRPN(RPN):
    """Samples each image's anchors from the image's own stream."""

    def label_and_sample_anchors(
        self, anchors: list[Boxes], gt_instances: list[Instances]
    ) -> tuple[list[Tensor], list[Tensor]]:
        labels, boxes = [], []
        for i, truth in enumerate(gt_instances):
            with image_rng(i, len(gt_instances)):
                found = super().label_and_sample_anchors(anchors, [truth])
            labels += found[0]
            boxes += found[1]
        return labels, boxes


class StreamROIHeads(StandardROIHeads):
    """Samples each image's proposals from the image's own stream."""

    def label_and_sample_proposals(
        self, proposals: list[Instances], targets: list[Instances]
    ) -> list[Instances]:
        sampled = []
        for i, (found, truth) in enumerate(zip(proposals, targets, strict=True)):
            with image_rng(i, len(targets)):
                sampled += super().label_and_sample_proposals([found], [truth])
        return sampled


def build_rpn(channels: int, anchors: Sequence[float], batch: int, train: int, test: int) -> RPN:
    """Region proposals. anchors: side of each level's; batch: anchors of an image in the loss;
    train, test: proposals, per level before NMS and per image after it."""
    return StreamRPN(
        in_features=list(LEVELS),
        head=StandardRPNHead(in_channels=channels, num_anchors=len(RATIOS)),
        anchor_generator=DefaultAnchorGenerator(
            sizes=[[side] for side in anchors],
            aspect_ratios=[RATIOS],
            strides=list(STRIDES),
            offset=0.0,  # as in detectron2's configurations, though not its constructor's default
        ),
        anchor_matcher=Matcher([0.3, 0.7], [0, -1, 1], allow_low_quality_matches=True),
        box2box_transform=Box2BoxTransform(weights=(1.0, 1.0, 1.0, 1.0)),
        batch_size_per_image=batch,
        positive_fraction=0.5,
        pre_nms_topk=(train, test),
        post_nms_topk=(train, test),
    )


class MaskRCNN(nn.Module):
    """Instance head on P2..P6.

    anchors: side of each level's anchors in pixels; canonical: see `box_pooler`; fc_width and
    mask_width, mask_depth: of the box and mask heads; rpn_batch, proposals, roi_batch: anchors,
    proposals and sampled proposals of an image in training (MaskTrack R-CNN's settings). Test
    settings: `top_before` proposals, class scores above `threshold`, NMS at IoU `nms` within the
    class, the `top_after` best.
    """

    def __init__(
        self,
        channels: int,
        num_classes: int,
        *,
        anchors: Sequence[float] = (32, 64, 128, 256, 512),
        canonical: int = 224,
        fc_width: int = 1024,
        mask_width: int = 256,
        mask_depth: int = 4,
        rpn_batch: int = 64,
        proposals: int = 200,
        roi_batch: int = 128,
        threshold: float = 0.05,
        nms: float = 0.5,
        top_before: int = 200,
        top_after: int = 100,
    ) -> None:
        super().__init__()
        self.rpn = build_rpn(channels, anchors, rpn_batch, proposals, top_before)
        box_head = FastRCNNConvFCHead(
            ShapeSpec(channels, BOX_RESOLUTION, BOX_RESOLUTION),
            conv_dims=[],
            fc_dims=[fc_width, fc_width],
        )
        self.roi_heads = StreamROIHeads(
            num_classes=num_classes,
            batch_size_per_image=roi_batch,
            positive_fraction=0.25,
            proposal_matcher=Matcher([0.5], [0, 1]),
            box_in_features=list(BOX_LEVELS),
            box_pooler=box_pooler(BOX_RESOLUTION, canonical),
            box_head=box_head,
            box_predictor=FastRCNNOutputLayers(
                box_head.output_shape,
                box2box_transform=Box2BoxTransform(weights=(10.0, 10.0, 5.0, 5.0)),
                num_classes=num_classes,
                test_score_thresh=threshold,
                test_nms_thresh=nms,
                test_topk_per_image=top_after,
            ),
            mask_in_features=list(BOX_LEVELS),
            mask_pooler=box_pooler(MASK_RESOLUTION, canonical),
            mask_head=MaskRCNNConvUpsampleHead(
                ShapeSpec(channels, MASK_RESOLUTION, MASK_RESOLUTION),
                num_classes=num_classes,
                conv_dims=[mask_width] * (mask_depth + 1),
            ),
        )

    def losses(
        self, pyramid: dict[str, Tensor], instances: Sequence[Instances]
    ) -> tuple[dict[str, Tensor], TrackSamples]:
        """Losses for ground truth with gt_boxes, gt_classes, gt_masks (BitMasks), in training mode,
        and the proposals sampled on objects, for the tracking head."""
        truth = [numbered(x) for x in instances]
        images = ImageList(next(iter(pyramid.values())), [x.image_size for x in truth])
        with EventStorage():  # where detectron2 puts its statistics
            proposals, losses = self.rpn(images, pyramid, truth)
            sampled, more = self.roi_heads(images, pyramid, proposals, truth)
        samples = self._track_samples(sampled)
        # detectron2's are means over the images, the sampled proposals and those on objects
        weights = dict.fromkeys(losses, share(len(truth)))
        weights |= dict.fromkeys(more, share(sum(map(len, sampled))))
        weights["loss_mask"] = share(len(samples.boxes))
        return {k: v * weights[k] for k, v in (losses | more).items()}, samples

    def _track_samples(self, sampled: Sequence[Instances]) -> TrackSamples:
        boxes, image, index = [], [], []
        for i, found in enumerate(sampled):
            positive = (found.gt_classes < self.roi_heads.num_classes).nonzero().squeeze(1)
            if len(positive):
                boxes.append(found.proposal_boxes.tensor[positive])
                index.append(found.gt_index[positive])
                image.append(torch.full_like(index[-1], i))
        if not boxes:
            none = sampled[0].gt_classes[:0]
            return TrackSamples(sampled[0].proposal_boxes.tensor[:0], none, none)
        return TrackSamples(torch.cat(boxes), torch.cat(image), torch.cat(index))

    @torch.no_grad()
    def detect(
        self, pyramid: dict[str, Tensor], image_sizes: Sequence[tuple[int, int]]
    ) -> list[Instances]:
        """Instances of each image with pred_boxes (clipped, not empty), scores, pred_classes and
        pred_masks: probabilities (D, 28, 28) in the box. In evaluation mode."""
        images = ImageList(next(iter(pyramid.values())), list(image_sizes))
        proposals, _ = self.rpn(images, pyramid)
        found, _ = self.roi_heads(images, pyramid, proposals)
        for instances in found:
            instances.pred_masks = instances.pred_masks[:, 0]
        # By index, as a bool is looked up again for each field, which makes a GPU's host wait.
        return [one[one.pred_boxes.nonempty().nonzero().squeeze(1)] for one in found]


class BoxTrackHead(nn.Module):
    """Embeddings of boxes from their features on P2..P5, by fully connected layers (Sec. 4.2 of
    [69]); a ReLU between them, none after the last."""

    def __init__(
        self, channels: int, embedding: int = 1024, depth: int = 2, canonical: int = 224
    ) -> None:
        super().__init__()
        self.pooler = box_pooler(BOX_RESOLUTION, canonical)
        sizes = [channels * BOX_RESOLUTION**2] + [embedding] * depth
        layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
        for layer in layers:
            nn.init.normal_(layer.weight, std=0.01)
            start_bias(layer)
        self.fcs = nn.ModuleList(layers)

    def forward(self, features: Tensor) -> Tensor:
        """Features of boxes (D, C, 7, 7) -> embeddings (D, E)."""
        x = features.flatten(1)
        for i, layer in enumerate(self.fcs):
            x = layer(torch.relu(x) if i else x)
        return x

    def embeddings(self, pyramid: dict[str, Tensor], boxes: Sequence[Tensor]) -> list[Tensor]:
        """Embeddings (D_i, E) of each image's boxes (D_i, 4), xyxy in network pixels."""
        features = self.pooler([pyramid[name] for name in BOX_LEVELS], [Boxes(x) for x in boxes])
        return list(self(features).split([len(x) for x in boxes]))


def numbered(truth: Instances) -> Instances:
    """The ground truth with each instance's index, which sampled proposals inherit: gt_index."""
    fields = truth.get_fields() | {
        "gt_index": torch.arange(len(truth), device=truth.gt_classes.device)
    }
    return Instances(truth.image_size, **fields)
