"""Starting values of layers."""

from __future__ import annotations

from torch import nn


def start_bias(layer: nn.Conv2d | nn.Linear, value: float = 0.0) -> None:
    """Sets every bias of a layer. Raises ValueError if it has none."""
    if layer.bias is None:
        raise ValueError(f"{layer} has no bias to start at {value}")
    nn.init.constant_(layer.bias, value)
