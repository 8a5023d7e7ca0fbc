"""The propagators by the name that tables give them: another one is a file and a line here."""

from __future__ import annotations

from collections.abc import Callable

from baselines.propagation.feature_matching import FeatureMatching
from baselines.propagation.mask_warp import MaskWarp
from baselines.propagation.motion import EXACT, FLOW, SAMPLING
from baselines.propagation.view import Propagator

PROPAGATORS: dict[str, Callable[[], Propagator]] = {
    "feelvos-like": FeatureMatching,
    "maskprop-like": lambda: MaskWarp(SAMPLING, FLOW),
    "maskprop-like-flow": lambda: MaskWarp(FLOW),
    "maskprop-like-exact": lambda: MaskWarp(EXACT),
}
# what needs the exact flow, which recorded videos have not
OF_GENERATED = frozenset({"maskprop-like-exact"})
