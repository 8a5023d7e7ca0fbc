"""Builds models from specs; in this library the only place that reads them.

A model spec is a plain dict: {"backbone": {...}, "channels", "head": {"name", ...}, "track": {...},
"temporal": None or {"name", ...}, "pixel_std", "budget_weight"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from ..routing import CPR, DACR, ReleasedRouting, TemporalPyramidRouting
from .backbone import PyramidBackbone, build_resnet
from .blendmask import BasisModule, BlendMask
from .fcos import FCOS
from .tracking import TrackHead
from .vis_model import VISModel

Spec = dict[str, Any]
Builder = Callable[[Spec, int], nn.Module]  # of a temporal module: (spec, channels)


def build_blendmask(spec: Spec, channels: int, num_classes: int) -> BlendMask:
    """spec: {"fcos": {...}, "basis": {...}, and BlendMask's own options}."""
    options = {k: v for k, v in spec.items() if k not in ("name", "fcos", "basis")}
    fcos = FCOS(channels, num_classes, **spec.get("fcos", {}))
    basis = BasisModule(channels, bases=options.get("bases", 4), **spec.get("basis", {}))
    return BlendMask(fcos, basis, channels, **options)


def build_tpr(spec: Spec, channels: int) -> TemporalPyramidRouting:
    """spec: {"dacr": options or None, "cpr": options or None}."""
    dacr = None if spec["dacr"] is None else DACR(channels, **spec["dacr"])
    cpr = None if spec["cpr"] is None else CPR(channels, **spec["cpr"])
    return TemporalPyramidRouting(dacr, cpr)


def build_released_tpr(spec: Spec, channels: int) -> ReleasedRouting:
    """spec: {"cell": "pconv" (the release's R50) or "dynamic" (its Swin), and further options}."""
    return ReleasedRouting(channels, **{k: v for k, v in spec.items() if k != "name"})


HEADS = {"blendmask": build_blendmask}
TEMPORAL: dict[str, Builder] = {"tpr": build_tpr, "tpr-released": build_released_tpr}


def build_backbone(spec: Spec, channels: int, norm: str | None = None) -> PyramidBackbone:
    """spec: {"depths", options of build_resnet, "p6_from", "relu"}; `norm` overrides its norm."""
    options = {k: v for k, v in spec.items() if k not in ("p6_from", "relu")}
    resnet = build_resnet(**options | ({} if norm is None else {"norm": norm}))
    kept = {k: v for k, v in spec.items() if k in ("p6_from", "relu")}
    return PyramidBackbone(resnet, channels, **kept)


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
        TrackHead(channels, **spec["track"]),
        pixel_std=spec["pixel_std"],
        budget_weight=spec["budget_weight"],
    )


def _temporal(
    spec: Spec | None, channels: int, registry: Mapping[str, Builder]
) -> nn.Module | None:
    return None if spec is None else _choose(registry, spec, "temporal module")(spec, channels)


def _choose(registry: dict, spec: Spec, kind: str):  # noqa: ANN202 - a builder of the registry
    if spec["name"] not in registry:
        raise ValueError(f"unknown {kind} {spec['name']!r}; known: {', '.join(sorted(registry))}")
    return registry[spec["name"]]
