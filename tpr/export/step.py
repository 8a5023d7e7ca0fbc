"""A model's computation for one frame as a module whose inputs and outputs are tensors."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tpr.export.detections import HEADS
from tpr.models.tracking import TrackHead
from tpr.models.vis_model import VISModel
from tpr.routing import Frame


class FrameStep(nn.Module):
    """Computes what a frame shows from its picture and a pyramid of the frame before.

    first: for a video's first frame, which has no frame before: it goes without the temporal module
    ("skip") or is its own reference ("self"), as the test settings say.
    """

    def __init__(self, model: VISModel, settings: dict, *, first: bool) -> None:
        super().__init__()
        self.model, self.first = model, first
        self.refines_alone = settings["first_frame"] == "self"
        self.recursive = settings["recursive"]

    @property
    def previous(self) -> list[str]:
        """Names of the outputs that the next frame's step takes, one for each level, in order."""
        return [self.kept + name for name in self.model.backbone.levels]

    @property
    def kept(self) -> str:
        """Prefix of the names of the next frame's reference: the refined pyramid's, or the raw
        one's."""
        return "" if self.recursive or self.model.temporal is None else "raw_"

    def forward(self, picture: Tensor, *previous: Tensor) -> dict[str, Tensor]:
        """uint8 RGB (1, 3, H, W), and the levels (1, C, H_l, W_l) that the frame before gave.

        Returns the refined pyramid by level, also the raw one ("raw_p3") if that is the next
        frame's reference; the head's detections before NMS (`detections`); and "embeddings"
        (1, E, H_3, W_3), of which a detection has those at its box centre, or (1, M, E) of queries.
        """
        raw = self.model.frames(picture)
        reference = Frame(dict(zip(raw.pyramid, previous, strict=True))) if previous else raw
        refined = raw
        if previous or self.refines_alone:
            refined = self.model.refine(raw, reference._replace(image=raw.image))
        outputs = dict(refined.pyramid)
        if self.kept:
            outputs |= {self.kept + name: x for name, x in raw.pyramid.items()}
        outputs |= HEADS[type(self.model.head)](self.model.head, refined.pyramid)
        if isinstance(self.model.track_head, TrackHead):
            outputs["embeddings"] = self.model.track_head(refined.pyramid)
        # Some are the same tensor, of which a graph has one output only.
        return {name: x.clone(memory_format=torch.contiguous_format) for name, x in outputs.items()}
