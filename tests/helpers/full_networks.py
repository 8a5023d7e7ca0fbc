"""Profile full with every network made small: its runs, heads, options and settings stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.stages.layout import Layout

CHANNELS = 32
HEADS: dict[str, dict[str, Any]] = {
    "blendmask": {"fcos": {"depth": 1}, "basis": {"width": 16}},
    "sipmask": {"depth": 1, "bases": 4},
    "yolact": {"prototypes": 4, "width": 16},
    "mask2former": {"queries": 8, "width": 16, "layers": 3, "heads": 2, "feedforward": 32},
    "masktrack": {
        "fc_width": 32,
        "mask_width": 16,
        "mask_depth": 1,
        "proposals": 16,
        "track": {"name": "box", "embedding": 16, "depth": 1},
    },
}


def small_full() -> Graph:
    """The stages of profile full on networks that run in a second."""
    manifests = load_manifests(Layout("full").manifests)
    profile = manifests.profile("full")
    model, narrow = profile.model, {"depths": [1] * 4, "stem_channels": 8, "res2_channels": 32}
    small = {
        "channels": CHANNELS,
        "backbones": {name: spec | narrow for name, spec in model["backbones"].items()},
        "heads": {name: spec | HEADS[name] for name, spec in model["heads"].items()},
        "track": {"embedding": 16, "depth": 1},
        "temporal": model["temporal"]
        | {
            name: model["temporal"][name] | {"warp": model["temporal"][name]["warp"] | {"width": 8}}
            for name in ("flow-warp", "feature-flow")
        },
    }
    return Graph(manifests.runs, replace(profile, model=model | small))
