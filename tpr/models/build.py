"""Builds models from specs; in this library the only place that reads them.

A model spec is a plain dict: {"backbone": {...}, "channels", "head": {"name", ...}, "track": {...},
"temporal": None or {"name", ...}, "pixel_std", "budget_weight"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

from torch import nn

from tpr.models.backbone import PyramidBackbone, build_resnet
from tpr.models.blendmask import BasisModule, BlendMask
from tpr.models.fcos import FCOS
from tpr.models.mask2former.head import Mask2Former
from tpr.models.mask2former.tracking import QueryTrackHead
from tpr.models.masktrack import BoxTrackHead, MaskRCNN
from tpr.models.sipmask import SipMask
from tpr.models.tracking import TrackHead
from tpr.models.vis_model import VISModel
from tpr.models.yolact import YOLACT
from tpr.routing import CPR, DACR, ReleasedRouting, TemporalPyramidRouting

Spec = dict[str, Any]
PYRAMID_OPTIONS = ("pyramid", "p6_from", "relu")
Builder = Callable[[Spec, int], nn.Module]  # of a temporal module: (spec, channels)
Built = TypeVar("Built")  # what builds a part


def build_blendmask(spec: Spec, channels: int, num_classes: int) -> BlendMask:
    """spec: {"fcos": {...}, "basis": {...}, and BlendMask's own options}."""
    options = {k: v for k, v in spec.items() if k not in ("name", "fcos", "basis")}
    fcos = FCOS(channels, num_classes, **spec.get("fcos", {}))
    basis = BasisModule(channels, bases=options.get("bases", 4), **spec.get("basis", {}))
    return BlendMask(fcos, basis, channels, **options)


def build_sipmask(spec: Spec, channels: int, num_classes: int) -> SipMask:
    """spec: SipMask's options."""
    return SipMask(channels, num_classes, **{k: v for k, v in spec.items() if k != "name"})


def build_tpr(spec: Spec, channels: int) -> TemporalPyramidRouting:
    """spec: {"dacr": options or None, "cpr": options or None}."""
    dacr = None if spec["dacr"] is None else DACR(channels, **spec["dacr"])
    cpr = None if spec["cpr"] is None else CPR(channels, **spec["cpr"])
    return TemporalPyramidRouting(dacr, cpr)


def build_released_tpr(spec: Spec, channels: int) -> ReleasedRouting:
    """spec: {"cell": "pconv" (the release's R50) or "dynamic" (its Swin), and further options}."""
    return ReleasedRouting(channels, **{k: v for k, v in spec.items() if k != "name"})


def build_yolact(spec: Spec, channels: int, num_classes: int) -> YOLACT:
    """spec: YOLACT's own options."""
    return YOLACT(channels, num_classes, **{k: v for k, v in spec.items() if k != "name"})


def build_masktrack(spec: Spec, channels: int, num_classes: int) -> MaskRCNN:
    """spec: MaskRCNN's own options."""
    return MaskRCNN(channels, num_classes, **{k: v for k, v in spec.items() if k != "name"})


def build_mask2former(spec: Spec, channels: int, num_classes: int) -> Mask2Former:
    """spec: Mask2Former's own options."""
    return Mask2Former(channels, num_classes, **{k: v for k, v in spec.items() if k != "name"})


HEADS = {
    "blendmask": build_blendmask,
    "mask2former": build_mask2former,
    "masktrack": build_masktrack,
    "sipmask": build_sipmask,
    "yolact": build_yolact,
}
TRACK_HEADS = {"dense": TrackHead, "box": BoxTrackHead, "query": QueryTrackHead}
TEMPORAL: dict[str, Builder] = {"tpr": build_tpr, "tpr-released": build_released_tpr}


# ResNets at full size; what heads and other parts are at full size are their constructors' defaults
BACKBONES: dict[str, Spec] = {
    "r50": {"depths": [3, 4, 6, 3]},
    "r101": {"depths": [3, 4, 23, 3]},
    "r101dcn": {"depths": [3, 4, 23, 3], "deform_interval": 3},
}
# what methods change around their heads: the pyramid, and where their public ResNet has its strides
AROUND: dict[str, Spec] = {
    "mask2former": {"track": {"name": "query"}},
    "masktrack": {"backbone": {"pyramid": "p2-p6"}, "track": {"name": "box"}},
    "yolact": {"backbone": {"stride_in_1x1": False, "pyramid": "yolact"}},
}


def full_size(method: str, backbone: str, *, p6_from: str = "res5") -> Spec:
    """The spec of a method at the paper's size, without temporal module.

    Raises ValueError for a method or backbone that is not registered.
    """
    for name, known, kind in ((method, HEADS, "method"), (backbone, BACKBONES, "backbone")):
        if name not in known:
            raise ValueError(f"unknown {kind} {name!r}; known: {', '.join(sorted(known))}")
    around = {"backbone": {}, "track": {}} | AROUND.get(method, {})
    return {
        "backbone": BACKBONES[backbone] | {"p6_from": p6_from} | around["backbone"],
        "channels": 256,
        "head": {"name": method},
        "track": around["track"],
        "temporal": None,
        "pixel_std": [1.0, 1.0, 1.0],
        "budget_weight": 0.0,
    }


def build_backbone(spec: Spec, channels: int, norm: str | None = None) -> PyramidBackbone:
    """spec: options of build_resnet and of PyramidBackbone; `norm` overrides the ResNet's norm."""
    options = {k: v for k, v in spec.items() if k not in PYRAMID_OPTIONS}
    # what the options are a spec does not say
    resnet = build_resnet(
        **options | ({} if norm is None else {"norm": norm})  # pyright: ignore[reportArgumentType]
    )
    kept = {k: v for k, v in spec.items() if k in PYRAMID_OPTIONS}
    return PyramidBackbone(resnet, channels, **kept)


def build_track_head(spec: Spec, channels: int) -> TrackHead | BoxTrackHead | QueryTrackHead:
    """spec: {"name": "dense" (the default), "box" or "query", and the head's own options}."""
    options = {k: v for k, v in spec.items() if k != "name"}
    return _choose(TRACK_HEADS, {"name": "dense"} | spec, "tracking head")(channels, **options)


def build_model(
    spec: Spec,
    num_classes: int,
    *,
    backbone_norm: str | None = None,
    temporal: Mapping[str, Builder] | None = None,
) -> VISModel:
    """The model of a spec, freshly initialised; pretraining passes backbone_norm="BN".

    temporal: builders of temporal modules, by name, that the library itself does not have.
    Raises ValueError for a head or temporal module that is not registered.
    """
    channels = spec["channels"]
    return VISModel(
        build_backbone(spec["backbone"], channels, backbone_norm),
        _temporal(spec["temporal"], channels, TEMPORAL | dict(temporal or {})),
        _choose(HEADS, spec["head"], "head")(spec["head"], channels, num_classes),
        build_track_head(spec["track"], channels),
        pixel_std=spec["pixel_std"],
        budget_weight=spec["budget_weight"],
    )


def _temporal(
    spec: Spec | None, channels: int, registry: Mapping[str, Builder]
) -> nn.Module | None:
    """A name with a dot is a class to import, called with the channels and the spec's options."""
    if spec is None:
        return None
    if "." in spec["name"]:
        options = {k: v for k, v in spec.items() if k != "name"}
        return _imported(spec["name"])(channels, **options)
    return _choose(registry, spec, "temporal module")(spec, channels)


def _imported(name: str) -> Callable[..., nn.Module]:
    """ValueError, naming what is missing, for a class that cannot be imported."""
    path, _, attribute = name.rpartition(".")
    try:
        return getattr(import_module(path), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"temporal module {name!r} cannot be imported: {error}") from None


def _choose(registry: Mapping[str, Built], spec: Spec, kind: str) -> Built:
    if spec["name"] not in registry:
        raise ValueError(f"unknown {kind} {spec['name']!r}; known: {', '.join(sorted(registry))}")
    return registry[spec["name"]]
