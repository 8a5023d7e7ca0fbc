"""A video instance segmentation model: backbone, temporal module, instance head, tracking head."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch
import torch.nn.functional as F
from detectron2.structures import Instances
from torch import Tensor, nn

from tpr.models.backbone import PyramidBackbone
from tpr.models.instances import TrackSamples
from tpr.models.selection import places
from tpr.models.tracking import match_loss
from tpr.parallel.loss_counts import share
from tpr.routing import Frame, GateUse, budget_loss, noted_gates
from tpr.routing.frame import Pyramid

if TYPE_CHECKING:  # the heads themselves come with the specs that name them
    from tpr.models.blendmask import BlendMask
    from tpr.models.mask2former.head import Mask2Former
    from tpr.models.mask2former.tracking import QueryTrackHead
    from tpr.models.masktrack import BoxTrackHead, MaskRCNN
    from tpr.models.sipmask import SipMask
    from tpr.models.tracking import TrackHead
    from tpr.models.yolact import YOLACT

    Head: TypeAlias = BlendMask | Mask2Former | MaskRCNN | SipMask | YOLACT

# (query, reference), as the backbone gives them -> what the temporal module gets as reference
Refer = Callable[[Frame, Frame], Frame]

PIXEL_MEAN = (123.675, 116.28, 103.53)


class VISModel(nn.Module):
    """The temporal module sits between the pyramid and all heads (paper Fig. 4).

    temporal: module with forward(query: Frame, reference: Frame) -> pyramid, or None.
    pixel_std: divisor of the mean-subtracted RGB pixels; budget_weight: lambda_2 of Eq. 9.
    """

    def __init__(
        self,
        backbone: PyramidBackbone,
        temporal: nn.Module | None,
        head: Head,
        track_head: TrackHead | BoxTrackHead | QueryTrackHead,
        *,
        pixel_std: Sequence[float] = (1.0, 1.0, 1.0),
        budget_weight: float = 1.5,
    ) -> None:
        super().__init__()
        self.pixel_mean: Tensor
        self.pixel_std: Tensor
        self.backbone, self.temporal = backbone, temporal
        self.head, self.track_head = head, track_head
        self.budget_weight = budget_weight
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).view(3, 1, 1), False)
        self.register_buffer("pixel_std", torch.tensor(tuple(pixel_std)).view(3, 1, 1), False)

    def frames(self, images: Tensor) -> Frame:
        """uint8 RGB (N, 3, H, W), on any device -> Frame; padded after normalisation to the
        pyramid's multiple."""
        x = (images.to(self.pixel_mean.device).float() - self.pixel_mean) / self.pixel_std
        multiple = self.backbone.size_divisibility
        x = F.pad(x, (0, -x.shape[-1] % multiple, 0, -x.shape[-2] % multiple))
        return Frame(self.backbone(x.contiguous(memory_format=torch.channels_last)), x)

    def refine(self, query: Frame, reference: Frame) -> Frame:
        """The query frame with the temporal module's pyramid (itself where there is no module)."""
        if self.temporal is None:
            return query
        return Frame(self.temporal(query, reference), query.image)

    def image_losses(self, images: Tensor, truth: Sequence[Instances]) -> dict[str, Tensor]:
        """Losses of the image model alone, for pretraining on single images."""
        return self.head.losses(self.frames(images).pyramid, truth)[0]

    def losses(
        self,
        images: Tensor,
        truth: Sequence[Instances],
        reference_images: Tensor,
        reference_truth: Sequence[Instances],
        *,
        refer: Refer | None = None,
    ) -> dict[str, Tensor]:
        """Losses of query/reference pairs (Eq. 9).

        images: uint8 (N, 3, H, W), as reference_images; truth: gt_boxes, gt_classes, gt_masks and
        gt_ids (the track); the reference's raw pyramid feeds its tracking embeddings (release).
        refer: what the temporal module gets in the reference's place, in controls.
        """
        n = len(images)
        both = self.frames(torch.cat([images, reference_images]))
        query, reference = both.rows(slice(n)), both.rows(slice(n, None))
        refined = self.refine(query, refer(query, reference) if refer else reference).pyramid
        losses, samples = self.head.losses(refined, truth)
        losses["loss_match"] = share(n) * self._match_loss(
            refined, reference.pyramid, samples, truth, reference_truth
        )
        if self.gates and self.budget_weight:
            losses["loss_budget"] = share(n) * self.budget_weight * budget_loss(self.gates)
        return losses

    def _match_loss(
        self,
        query: Pyramid,
        reference: Pyramid,
        samples: TrackSamples,
        truth: Sequence[Instances],
        reference_truth: Sequence[Instances],
    ) -> Tensor:
        """Loss of recognising the head's samples among the reference frame's objects."""
        chosen = places(samples.image, len(truth))
        matches = [match_targets(q, r) for q, r in zip(truth, reference_truth, strict=True)]
        return match_loss(
            self.track_head.embeddings(query, [samples.boxes[x] for x in chosen]),
            self.track_head.embeddings(reference, [r.gt_boxes.tensor for r in reference_truth]),
            [m[samples.instance[x]] for m, x in zip(matches, chosen, strict=True)],
        )

    @property
    def gates(self) -> list[GateUse]:
        """The temporal module's gates in its latest call; empty for ungated modules."""
        return noted_gates(self.temporal)

    @torch.no_grad()
    def detect(self, frame: Frame, image_size: tuple[int, int]) -> list[Instances]:
        """Detections of each image of a (refined) frame, in network pixels, with `embedding`."""
        images = len(next(iter(frame.pyramid.values())))
        found = self.head.detect(
            frame.pyramid,
            [tuple(image_size)] * images,  # pyright: ignore[reportArgumentType]: height and width
        )
        boxes = [x.pred_boxes.tensor for x in found]
        embeddings = self.track_head.embeddings(frame.pyramid, boxes)
        for instances, embedding in zip(found, embeddings, strict=True):
            instances.embedding = embedding
        return found


def match_targets(query: Instances, reference: Instances) -> Tensor:
    """For each query instance 1 + the index of the same track in the reference, or 0: (G,)."""
    same = query.gt_ids[:, None] == reference.gt_ids[None]
    if same.shape[1] == 0:
        return torch.zeros(len(query), dtype=torch.long, device=query.gt_ids.device)
    found, index = same.max(1)
    return torch.where(found, index + 1, 0)
