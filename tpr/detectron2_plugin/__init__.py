"""TPR, or any temporal module, behind the FPN of any detectron2 model.

    model = build_model(use_tpr(cfg))                                # yacs
    cfg.model.backbone = L(tpr_behind)(backbone=cfg.model.backbone)  # lazy
    model = follow(instantiate(cfg.model))

Training inputs then have "reference" beside "image": a frame nearby, of the same size, uint8 as
"image". Test inputs come frame by frame with a "video_id" and, better still, the frame's number in
its video as "frame_id"; what has no "video_id" is a single image. The meta-architecture needs no
changes.
"""

from tpr.detectron2_plugin.backbone import TemporalBackbone, tpr_behind
from tpr.detectron2_plugin.config import build_tpr_backbone, build_tpr_model, use_tpr
from tpr.detectron2_plugin.model import follow

__all__ = [
    "TemporalBackbone",
    "build_tpr_backbone",
    "build_tpr_model",
    "follow",
    "tpr_behind",
    "use_tpr",
]
