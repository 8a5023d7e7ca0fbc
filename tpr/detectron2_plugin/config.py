"""TPR in detectron2's yacs configs."""

from __future__ import annotations

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import META_ARCH_REGISTRY
from detectron2.modeling.backbone import BACKBONE_REGISTRY
from torch import nn

from tpr.detectron2_plugin.backbone import BUDGET_WEIGHT, ROWS, VIDEOS, TemporalBackbone, tpr_behind
from tpr.detectron2_plugin.model import follow


def use_tpr(cfg: CfgNode) -> CfgNode:
    """Puts TPR behind the backbone that a yacs config names; options lie in cfg.MODEL.TPR.

    Changes and returns `cfg`; of a frozen one it returns a changed copy, frozen too. A config that
    has TPR already, such as an earlier run's, keeps its options.
    """
    frozen = cfg.is_frozen()
    if frozen:
        cfg = cfg.clone()
        cfg.defrost()
    options = cfg.MODEL.setdefault("TPR", CfgNode())
    defaults = {"ROWS": list(ROWS), "DACR": True, "CPR": True, "BUDGET_WEIGHT": BUDGET_WEIGHT}
    for name, value in (defaults | {"VIDEOS": VIDEOS}).items():
        options.setdefault(name, value)
    if cfg.MODEL.BACKBONE.NAME != build_tpr_backbone.__name__:
        options.BACKBONE = cfg.MODEL.BACKBONE.NAME
        cfg.MODEL.BACKBONE.NAME = build_tpr_backbone.__name__
    if cfg.MODEL.META_ARCHITECTURE != build_tpr_model.__name__:
        options.META_ARCHITECTURE = cfg.MODEL.META_ARCHITECTURE
        cfg.MODEL.META_ARCHITECTURE = build_tpr_model.__name__
    if frozen:
        cfg.freeze()
    return cfg


@META_ARCH_REGISTRY.register()
def build_tpr_model(cfg: CfgNode) -> nn.Module:
    """The meta-architecture cfg.MODEL.TPR.META_ARCHITECTURE, which follows videos."""
    return follow(META_ARCH_REGISTRY.get(cfg.MODEL.TPR.META_ARCHITECTURE)(cfg))


@BACKBONE_REGISTRY.register()
def build_tpr_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> TemporalBackbone:
    """The backbone cfg.MODEL.TPR.BACKBONE with TPR behind it."""
    options = cfg.MODEL.TPR
    if options.BACKBONE == build_tpr_backbone.__name__:
        raise ValueError("MODEL.TPR.BACKBONE: names TPR's own builder, not what TPR goes behind")
    return tpr_behind(
        BACKBONE_REGISTRY.get(options.BACKBONE)(cfg, input_shape),
        rows=options.ROWS,
        dacr=options.DACR,
        cpr=options.CPR,
        budget_weight=options.BUDGET_WEIGHT,
        videos=options.get("VIDEOS", VIDEOS),  # configs of earlier versions have none
    )
