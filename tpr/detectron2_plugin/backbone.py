"""A detectron2 backbone that refines its pyramid with that of another frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone import Backbone
from torch import Tensor, nn

from tpr.detectron2_plugin.memory import Input, VideoMemory, turns
from tpr.routing import CPR, DACR, Frame, TemporalPyramidRouting, budget_loss, noted_gates, stack
from tpr.routing.frame import Pyramid

ROWS = (3, 2, 1, 1)
BUDGET_WEIGHT = 0.1  # the release's
VIDEOS = 8


class TemporalBackbone(Backbone):
    """A backbone that gives a pyramid, and a temporal module that refines it.

    In training the reference is `reference`, normalised images (N, 3, H, W) as the frames', without
    which frames stay as they are. In testing it is the frame before, refined: of the same video,
    as `inputs` tell if `follow` made a model hand them over (no inputs: single images), otherwise
    of the call before. `reset`, and a change between training and testing, begin all videos anew.

    videos: how many videos may take turns, frame by frame.
    """

    def __init__(
        self,
        backbone: Backbone,
        temporal: nn.Module,
        budget_weight: float = BUDGET_WEIGHT,
        videos: int = VIDEOS,
    ) -> None:
        super().__init__()
        self.backbone, self.temporal, self.budget_weight = backbone, temporal, budget_weight
        self.memory = VideoMemory(videos)
        self.inputs: Sequence[Input] | None = None
        self.reference: Tensor | None = None
        self.previous: Frame | None = None  # the latest call's at test time
        self.refined = False  # whether the latest call used the module
        self.register_load_state_dict_pre_hook(_accept_plain_weights)

    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]: detectron2 declares no images
        self, images: Tensor
    ) -> Pyramid:
        """(N, 3, H, W), normalised and padded -> the pyramid, each level (N, C, H_l, W_l)."""
        if self.training or self.reference is not None:  # frozen in a model that trains
            return self._training_pyramid(images)
        frame = Frame(self.backbone(images), images)
        frame = self._next(frame) if self.inputs is None else self._next_of_videos(frame)
        self.previous = detached(frame)
        return frame.pyramid

    def _training_pyramid(self, images: Tensor) -> Pyramid:
        self.refined = self.reference is not None
        if self.reference is None:
            return self.backbone(images)
        check_size(images, self.reference, "the images")
        # In one call, so that norms that speak to other processes do so once in each of them.
        pictures = torch.cat([images, self.reference])
        both = Frame(self.backbone(pictures), pictures)
        return self.temporal(both.rows(slice(len(images))), both.rows(slice(len(images), None)))

    def _next(self, frame: Frame) -> Frame:
        """The frame refined with that of the latest call as the frame before."""
        self.refined = self.previous is not None
        if self.previous is None:
            return frame
        return Frame(self.temporal(frame, fitting(self.previous, frame)), frame.image)

    @torch.compiler.disable(recursive=False)
    def _next_of_videos(self, frame: Frame) -> Frame:
        """Each row refined with the frame before of the video that its input names."""
        inputs, self.inputs = self._rows_of_inputs(len(next(iter(frame.pyramid.values())))), ()
        self.refined = False
        for rows in turns(inputs):
            found = {row: self.memory.reference(inputs[row]) for row in rows}
            references = [one for one in found.values() if one is not None]
            if references:
                known = [row for row, one in found.items() if one is not None]
                reference = stack([fitting(one, frame) for one in references])
                frame = frame.with_rows(known, self.temporal(frame.rows(known), reference))
                self.refined = True
            for row in rows:
                self.memory.keep(inputs[row], detached(frame.rows([row])))
        self.memory.forget_old(least=len(inputs))
        return frame

    def _rows_of_inputs(self, images: int) -> Sequence[Input]:
        """The input of each image; ones without a video where there were no inputs."""
        if self.inputs and len(self.inputs) != images:
            raise ValueError(
                f"{images} images for {len(self.inputs)} inputs: which videos they show is unknown"
            )
        return self.inputs or [{}] * images

    def reset(self) -> None:
        """Forgets all frames: every video begins anew."""
        self.previous = None
        self.memory.seen.clear()

    def train(self, mode: bool = True) -> TemporalBackbone:
        if mode != self.training:
            self.reset()
        return super().train(mode)

    def losses(self) -> dict[str, Tensor]:
        """The budget loss (Eq. 8) of the latest call; empty without gates."""
        gates = noted_gates(self.temporal)
        if not (self.refined and gates and self.budget_weight):
            return {}
        return {"loss_budget": self.budget_weight * budget_loss(gates)}

    def nothing(self) -> Tensor | int:
        """A loss of 0 from which every parameter of the module gets a gradient of 0."""
        return sum((p * 0).sum() for p in self.temporal.parameters() if p.requires_grad)

    def output_shape(self) -> dict[str, ShapeSpec]:
        return self.backbone.output_shape()

    @property
    def size_divisibility(self) -> int:
        return self.backbone.size_divisibility

    @property
    def padding_constraints(self) -> dict[str, int]:
        return self.backbone.padding_constraints


def detached(frame: Frame) -> Frame:
    """The frame without the graph that it came from."""
    return Frame({name: x.detach() for name, x in frame.pyramid.items()}, frame.image)


def fitting(reference: Frame, frame: Frame) -> Frame:
    """The reference on the frame's device and in its number format, which autocast may change.

    ValueError where sizes differ.
    """
    for name, x in frame.pyramid.items():
        check_size(x, reference.pyramid[name], name)
    pyramid = {name: usable(reference.pyramid[name].to(x)) for name, x in frame.pyramid.items()}
    if reference.image is None or frame.image is None:
        return Frame(pyramid)
    return Frame(pyramid, usable(reference.image.to(frame.image)))


def usable(x: Tensor) -> Tensor:
    """A copy of a tensor made in inference mode where gradients are recorded now; otherwise the
    tensor."""
    return x.clone() if x.is_inference() and torch.is_grad_enabled() else x


def check_size(x: Tensor, reference: Tensor, name: str) -> None:
    if reference.shape[1:] != x.shape[1:]:
        raise ValueError(
            f"{name}: {tuple(x.shape[1:])}, the reference's: {tuple(reference.shape[1:])}; a frame "
            "and its reference have one size (a video of another size begins with reset())"
        )


def _accept_plain_weights(module: TemporalBackbone, state: dict, prefix: str, *_: Any) -> None:
    """Weights of a model without the module load into the backbone inside."""
    own = [key for key in state if key.startswith(prefix)]
    if not any(key.startswith(f"{prefix}backbone.") for key in own):
        for key in own:
            if not key.startswith(f"{prefix}temporal."):
                state[f"{prefix}backbone.{key[len(prefix) :]}"] = state.pop(key)


def tpr_behind(
    backbone: Backbone,
    *,
    rows: Sequence[int] = ROWS,
    dacr: bool = True,
    cpr: bool = True,
    budget_weight: float = BUDGET_WEIGHT,
    videos: int = VIDEOS,
) -> TemporalBackbone:
    """A backbone with TPR behind all its levels, at a start that spares pretrained features.

    rows: CPR's cells a level, from the finest on. ValueError for levels of unlike channels.
    """
    shapes = sorted(backbone.output_shape().items(), key=lambda item: item[1].stride or 0)
    channels = {shape.channels for _, shape in shapes}
    width = shapes[0][1].channels
    if width is None or channels != {width}:
        found = sorted(channels, key=lambda number: number or 0)
        raise ValueError(f"TPR needs one number of channels on all levels, not {found}")
    routing = TemporalPyramidRouting(
        DACR(width, identity_init=True, residual_init=0.0) if dacr else None,
        CPR(width, rows=tuple(rows), scale_init=0.1, residual_init=0.0) if cpr else None,
        tuple(name for name, _ in shapes),
    )
    return TemporalBackbone(backbone, routing, budget_weight, videos)
