"""The baselines by the name that a manifest gives them.

A builder takes a run's temporal spec, {"name": ..., and the options of each part}, and the number
of channels of the pyramid, like the builders of `tpr.models.build`. A new baseline is one file in
this package; it can be named by its path in runs.yaml, or get a short name by a line here. Profiles
may give it options; otherwise its constructor's defaults hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from baselines.dcnv2_fusion import DCNv2Fusion
from baselines.feature_flow import FeatureFlowWarp
from baselines.flow_warp import FlowWarp
from baselines.full_align import FullAlign
from baselines.full_routing import FullRouting
from baselines.matched import MatchedDACR
from baselines.merge import Merge
from baselines.stsn import STSN
from baselines.top_down import TopDownRouting
from baselines.warp import WarpedRouting
from tpr.routing import CPR, DACR, TemporalPyramidRouting

Spec = dict[str, Any]
Builder = Callable[[Spec, int], nn.Module]


def of(spec: Spec, part: str) -> Spec:
    """The options of a part of a spec; {}, so the constructor's defaults, without an entry or for
    `true`.

    Raises ValueError where the spec leaves the part out (null or false).
    """
    found = spec.get(part, True)
    if found is None or found is False:
        raise ValueError(f"{spec['name']} cannot be built without {part}")
    return {} if found is True else found


def whole(module: Callable[..., nn.Module]) -> Builder:
    """Builder of a temporal module without separate parts; its spec holds its own options."""
    return lambda spec, channels: module(
        channels, **{name: value for name, value in spec.items() if name != "name"}
    )


def sampler(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(d): TPR with another sampling in DACR's place. The spec holds "sampling" and
    "cpr"."""
    return lambda spec, channels: TemporalPyramidRouting(
        module(channels, **of(spec, "sampling")), CPR(channels, **of(spec, "cpr"))
    )


def warped(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(d): warps the reference's pyramid, then merges it. The spec holds "warp", "merge",
    "cpr"."""
    return lambda spec, channels: WarpedRouting(
        module(channels, **of(spec, "warp")),
        TemporalPyramidRouting(
            Merge(channels, **of(spec, "merge")), CPR(channels, **of(spec, "cpr"))
        ),
    )


def merging(spec: Spec, channels: int) -> nn.Module:
    """A control: the reference merged without alignment, with CPR or without. spec: {"merge",
    "cpr"}."""
    cpr = CPR(channels, **of(spec, "cpr")) if spec.get("cpr") else None
    return TemporalPyramidRouting(Merge(channels, **of(spec, "merge")), cpr)


def matched(spec: Spec, channels: int) -> nn.Module:
    """DACR with a local correlation in front of its offsets. spec: {"dacr", "cpr"}."""
    cpr = CPR(channels, **of(spec, "cpr")) if spec.get("cpr") else None
    return TemporalPyramidRouting(MatchedDACR(channels, **of(spec, "dacr")), cpr)


def routing(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(c): DACR with another routing space in CPR's place. The spec holds "dacr" and
    "cpr"."""
    return lambda spec, channels: module(
        DACR(channels, **of(spec, "dacr")), CPR(channels, **of(spec, "cpr"))
    )


BASELINES: dict[str, Builder] = {
    "dcnv2-fusion": sampler(DCNv2Fusion),
    "stsn": sampler(STSN),
    "flow-warp": warped(FlowWarp),
    "feature-flow": warped(FeatureFlowWarp),
    "full-routing": routing(FullRouting),
    "full-align": lambda spec, channels: FullAlign(DACR(channels, **of(spec, "dacr"))),
    "top-down": routing(TopDownRouting),
    "merge": merging,
    "matched": matched,
}
