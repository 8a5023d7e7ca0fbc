"""TPR, or any temporal module, behind the FPN of any detectron2 model.

    model = follow(build_model(use_tpr(cfg)))                      # yacs
    cfg.model.backbone = L(tpr_behind)(backbone=cfg.model.backbone)  # lazy
    model = follow(instantiate(cfg.model))

Training inputs then have "reference" beside "image": a frame nearby, of the same size, uint8 as
"image". Test inputs come frame by frame with a "video_id"; what has none is a single image. The
meta-architecture needs detectron2's own names, `backbone` and `preprocess_image`, and no changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling.backbone import BACKBONE_REGISTRY, Backbone
from torch import Tensor, nn

from .routing import CPR, DACR, Frame, TemporalPyramidRouting, budget_loss
from .routing.frame import Pyramid

ROWS = (3, 2, 1, 1)
BUDGET_WEIGHT = 0.1  # the release's


class TemporalBackbone(Backbone):
    """A backbone that gives a pyramid, and a temporal module that refines it.

    In training the reference is `reference`, normalised images (N, 3, H, W), without which frames
    stay as they are. In testing it is the frame before, refined, until `reset`.
    """

    def __init__(
        self, backbone: Backbone, temporal: nn.Module, budget_weight: float = BUDGET_WEIGHT
    ) -> None:
        super().__init__()
        self.backbone, self.temporal, self.budget_weight = backbone, temporal, budget_weight
        self.reference: Tensor | None = None
        self.previous: Frame | None = None
        self.refined = False  # whether the latest call used the module
        self.register_load_state_dict_pre_hook(_accept_plain_weights)

    def forward(self, images: Tensor) -> Pyramid:
        """(N, 3, H, W), normalised and padded -> the pyramid, each level (N, C, H_l, W_l)."""
        frame = Frame(self.backbone(images), images)
        reference = self._reference() if self.training else self.previous
        self.refined = reference is not None
        if self.refined:
            _check_sizes(frame, reference)
            frame = Frame(self.temporal(frame, reference), images)
        if not self.training:
            self.previous = Frame({k: x.detach() for k, x in frame.pyramid.items()}, images)
        return frame.pyramid

    def _reference(self) -> Frame | None:
        if self.reference is None:
            return None
        return Frame(self.backbone(self.reference), self.reference)

    def reset(self) -> None:
        """Forgets the frame before: another video begins."""
        self.previous = None

    def losses(self) -> dict[str, Tensor]:
        """The budget loss (Eq. 8) of the latest call; empty without gates."""
        gates = getattr(self.temporal, "gates", [])
        if not (self.refined and gates and self.budget_weight):
            return {}
        return {"loss_budget": self.budget_weight * budget_loss(gates)}

    def output_shape(self) -> dict[str, ShapeSpec]:
        return self.backbone.output_shape()

    @property
    def size_divisibility(self) -> int:
        return self.backbone.size_divisibility

    @property
    def padding_constraints(self) -> dict[str, int]:
        return self.backbone.padding_constraints


def _check_sizes(frame: Frame, reference: Frame) -> None:
    for name, x in frame.pyramid.items():
        shape = reference.pyramid[name].shape
        if shape != x.shape:
            raise ValueError(
                f"{name} is {tuple(x.shape)}, the reference's {tuple(shape)}: a frame and its "
                "reference have one size (a new video begins with reset())"
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
) -> TemporalBackbone:
    """A backbone with TPR behind all its levels, at a start that spares pretrained features.

    rows: CPR's cells a level, from the finest on. ValueError for levels of unlike channels.
    """
    shapes = sorted(backbone.output_shape().items(), key=lambda item: item[1].stride)
    channels = {shape.channels for _, shape in shapes}
    if len(channels) != 1:
        raise ValueError(f"TPR needs one number of channels on all levels, not {sorted(channels)}")
    (width,) = channels
    routing = TemporalPyramidRouting(
        DACR(width, identity_init=True, residual_init=0.0) if dacr else None,
        CPR(width, rows=tuple(rows), scale_init=0.1, residual_init=0.0) if cpr else None,
        tuple(name for name, _ in shapes),
    )
    return TemporalBackbone(backbone, routing, budget_weight)


def use_tpr(cfg: CfgNode) -> CfgNode:
    """Puts TPR behind the backbone that a yacs config names; options lie in cfg.MODEL.TPR."""
    options = {"BACKBONE": cfg.MODEL.BACKBONE.NAME, "ROWS": list(ROWS), "DACR": True, "CPR": True}
    cfg.MODEL.TPR = CfgNode(options | {"BUDGET_WEIGHT": BUDGET_WEIGHT})
    cfg.MODEL.BACKBONE.NAME = build_tpr_backbone.__name__
    return cfg


@BACKBONE_REGISTRY.register()
def build_tpr_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> TemporalBackbone:
    """The backbone cfg.MODEL.TPR.BACKBONE with TPR behind it."""
    options = cfg.MODEL.TPR
    return tpr_behind(
        BACKBONE_REGISTRY.get(options.BACKBONE)(cfg, input_shape),
        rows=options.ROWS,
        dacr=options.DACR,
        cpr=options.CPR,
        budget_weight=options.BUDGET_WEIGHT,
    )


def follow(model: nn.Module) -> nn.Module:
    """Makes a model hand its backbone the frames before, and add the budget loss to its losses.

    ValueError where its `backbone` is no TemporalBackbone.
    """
    if not isinstance(getattr(model, "backbone", None), TemporalBackbone):
        raise ValueError("the model's `backbone` is no TemporalBackbone: see use_tpr, tpr_behind")
    videos: list[Any] = []

    def before(_: nn.Module, inputs: tuple) -> None:
        batch, backbone = inputs[0], model.backbone
        if model.training:
            backbone.reset()
            backbone.reference = _references(model, batch)
            return
        names = [entry.get("video_id") for entry in batch]
        if None in names or names != videos:
            backbone.reset()
        videos[:] = names

    def after(_: nn.Module, inputs: tuple, output: Any) -> Any:
        model.backbone.reference = None
        return output | model.backbone.losses() if model.training else output

    model.register_forward_pre_hook(before)
    model.register_forward_hook(after)
    return model


def _references(model: nn.Module, batch: Sequence[dict]) -> Tensor | None:
    """Normalised and padded as the images are; None where no input has a reference."""
    given = ["reference" in entry for entry in batch]
    if not any(given):
        return None
    if not all(given):
        raise ValueError("some training inputs have a reference and some have none")
    return model.preprocess_image([{"image": entry["reference"]} for entry in batch]).tensor
