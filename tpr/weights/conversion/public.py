"""The public full-size models that `python -m tpr.checkpoint convert` reads, and their sizes."""

from __future__ import annotations

from typing import NamedTuple

import torch

from tpr.models.build import build_model, full_size


class PublicModel(NamedTuple):
    """A checkpoint's architecture in our names, and the number of its parameters.

    parameters: of the file's keys without running statistics; fresh: prefixes of what ours has and
    the file has not; note: what of the file has no counterpart in ours.
    """

    name: str
    method: str
    backbone: str
    p6_from: str
    classes: int
    parameters: int
    fresh: tuple[str, ...]
    note: str = ""


# AdelaiDet's, used in training only
SEMANTIC = "the file has an auxiliary semantic head too, 453,329 parameters"
BUFFERS = ("running_mean", "running_var", "num_batches_tracked", "pixel_std", "pixel_mean")
TRACK = ("track_head.",)
FCOS = (*TRACK, "head.fcos.scales")
PUBLIC = (
    PublicModel("BlendMask R50", "blendmask", "r50", "p5", 80, 36_034_682, FCOS, SEMANTIC),
    PublicModel("BlendMask R101", "blendmask", "r101", "p5", 80, 55_026_810, FCOS, SEMANTIC),
    PublicModel(
        "BlendMask R101-DCN, AdelaiDet",
        "blendmask",
        "r101dcn",
        "p5",
        80,
        55_711_395,
        FCOS,
        SEMANTIC,
    ),
    PublicModel("SipMask-VIS R50", "sipmask", "r50", "p5", 40, 33_433_394, ()),
    PublicModel("YOLACT R50", "yolact", "r50", "p5", 80, 31_164_943, TRACK),
    PublicModel("YOLACT R101", "yolact", "r101", "p5", 80, 50_157_071, TRACK),
    PublicModel(
        "MaskTrack R-CNN R50",
        "masktrack",
        "r50",
        "res5",
        40,
        58_081_093,
        (),
        "the file has a box and a mask of the background too, 4,357 parameters",
    ),
)


def own_parameters(public: PublicModel) -> int:
    """Parameters that ours has in the public model's place, scale and shift of the backbone's
    BatchNorm included, which detectron2 freezes into buffers."""
    with torch.device("meta"):
        spec = full_size(public.method, public.backbone, p6_from=public.p6_from)
        state = build_model(spec, public.classes).state_dict()
    apart = (*public.fresh, *BUFFERS)
    return sum(
        x.numel() for k, x in state.items() if not (k.startswith(apart) or k.endswith(apart))
    )
