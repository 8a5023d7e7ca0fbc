"""The baselines by the name that a manifest gives them.

A builder takes a run's temporal spec, {"name", and the options of each part}, and the pyramid's
channels, as those of `tpr.models.build` do. A new baseline is one file and one line here; profiles
may give it options, others have the defaults of its constructor.
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
    """Options of a part; those of its constructor where the spec says nothing, or `true`."""
    found = spec.get(part, True)
    if found is None or found is False:
        raise ValueError(f"{spec['name']} cannot be built without {part}")
    return {} if found is True else found


def whole(module: Callable[..., nn.Module]) -> Builder:
    """A temporal module that is not made of parts. spec: its own options."""
    return lambda spec, channels: module(
        channels, **{name: value for name, value in spec.items() if name != "name"}
    )


def sampler(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(d): TPR with another sampling in DACR's place. spec: {"sampling", "cpr"}."""
    return lambda spec, channels: TemporalPyramidRouting(
        module(channels, **of(spec, "sampling")), CPR(channels, **of(spec, "cpr"))
    )


def warped(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(d): the reference pyramid warped, then merged. spec: {"warp", "merge", "cpr"}."""
    return lambda spec, channels: WarpedRouting(
        module(channels, **of(spec, "warp")),
        TemporalPyramidRouting(
            Merge(channels, **of(spec, "merge")), CPR(channels, **of(spec, "cpr"))
        ),
    )


def merging(spec: Spec, channels: int) -> nn.Module:
    """Controls: the reference merged as it is, with CPR or without. spec: {"merge", "cpr"}."""
    cpr = CPR(channels, **of(spec, "cpr")) if spec.get("cpr") else None
    return TemporalPyramidRouting(Merge(channels, **of(spec, "merge")), cpr)


def matched(spec: Spec, channels: int) -> nn.Module:
    """DACR with a local correlation in front of its offsets. spec: {"dacr", "cpr"}."""
    cpr = CPR(channels, **of(spec, "cpr")) if spec.get("cpr") else None
    return TemporalPyramidRouting(MatchedDACR(channels, **of(spec, "dacr")), cpr)


def routing(module: Callable[..., nn.Module]) -> Builder:
    """Table 1(c): DACR with another routing space in CPR's place. spec: {"dacr", "cpr"}."""
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
