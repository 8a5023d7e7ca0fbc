"""The entries of dictionaries that a stage's settings select: its data source, the parts of its
model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.stages.key import Spec


def data_source(spec: Spec) -> str:
    """Of videos or images: a key of DATA in the stages' bodies."""
    if "own" in spec:
        return "own"
    return ("trial" if "generated" in spec else "recorded") if "dataset" in spec else "generated"


def pretraining_source(spec: Spec) -> str:
    """Of an image model: a key of PRETRAINING in the stages' bodies."""
    return "trained" if "train" in spec else "public" if spec.get("weights") else "untrained"


def temporal_module(spec: Spec) -> str:
    """Name of a model's temporal module; "" without one."""
    return ((spec.get("model") or {}).get("temporal") or {}).get("name", "")


def choices(kind: str, spec: Spec) -> dict[str, str]:
    """By the name of a dictionary in the code, the key that the settings select from it."""
    found = {"BODIES": kind}
    if kind in ("videos", "images", "dosed-videos"):
        found["DATA"] = data_source(spec)
    if kind == "pretrain":
        found["PRETRAINING"] = pretraining_source(spec)
    model: Mapping[str, Any] = spec.get("model") or {}
    if "head" in model:
        module = temporal_module(spec)
        found |= {"HEADS": model["head"]["name"], "BASELINES": module, "TEMPORAL": module}
        found["TRACK_HEADS"] = (model.get("track") or {}).get("name", "dense")
    return found
