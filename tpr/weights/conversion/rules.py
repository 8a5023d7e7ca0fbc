"""The names, shapes and pixels of a public code base's state dicts, and how they map to ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor


class Rule(NamedTuple):
    """Where keys go. The first rule whose pattern matches a whole key decides.

    pattern: regular expression; target: our key, with its groups as \\1, \\2, ..., and with an
    index at its end (`head.scales[\\1]`) for one element of a tensor, or None for what is left out,
    for the given reason.
    """

    pattern: str
    target: str | None
    reason: str = ""


class Pixels(NamedTuple):
    """A source's input: (pixel - mean) / std, both in RGB order, fed in BGR order or not."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool


class Source(NamedTuple):
    """A code base's checkpoints.

    constants: our keys that a source has no counterpart for, because they are constant there, and
    their value; shapes: patterns of our keys whose shape may differ, and why; edits: patterns of
    our keys whose values are laid out otherwise there, and what makes them ours; absent: patterns
    of keys that our models may lack, and why.
    """

    rules: tuple[Rule, ...]
    pixels: Pixels
    constants: Mapping[str, float]
    shapes: Mapping[str, str]
    edits: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType({})
    absent: Mapping[str, str] = MappingProxyType({})

    def rule(self, key: str) -> Rule | None:
        """The rule for a key, with its target filled in."""
        for rule in self.rules:
            if found := re.fullmatch(rule.pattern, key):
                return rule._replace(target=rule.target and found.expand(rule.target))
        return None

    def edited(self, key: str, value: Tensor) -> Tensor:
        """The value for our key in our layout."""
        for pattern, edit in self.edits.items():
            if re.fullmatch(pattern, key):
                return edit(value)
        return value

    def why_shape(self, key: str) -> str:
        """Why our key may have another shape than the source's, or an empty string."""
        return next((why for p, why in self.shapes.items() if re.fullmatch(p, key)), "")

    def why_absent(self, key: str) -> str:
        """Why our model may lack a key that has a rule, or an empty string."""
        return next((why for p, why in self.absent.items() if re.fullmatch(p, key)), "")


FROZEN_COUNTER = Rule(
    r".*\.num_batches_tracked", None, "counts BatchNorm's training steps; ours is frozen"
)
CLASS_COUNT = "another number of classes"
P6_INPUT = "P6 is made from another level"
