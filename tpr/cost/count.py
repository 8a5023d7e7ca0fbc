"""Counts multiply-accumulates of a forward pass, by module and by kind of operator.

torch's own FlopCounterMode does the bookkeeping, with the formulas of `operators`. It sees every
operator that is dispatched, whoever calls it, and needs no data: on the meta device a full-size
network is counted in a second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode
from torchvision.ops import deform_conv2d

from tpr.cost.operators import FORMULAS, FREE
from tpr.routing.sampling import DeformConv


@dataclass(frozen=True)
class Count:
    """Multiply-accumulates of one forward pass.

    by_module: {path below the counted module, "" itself: {kind: multiply-accumulates}}, submodules
    included; unknown: operators that have no formula and were counted as nothing.
    """

    by_module: dict[str, Counter[str]]
    unknown: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.of("").values())

    def of(self, path: str) -> Counter[str]:
        """Multiply-accumulates of a module, by kind.

        Where it was not called itself (a list of modules, or one of which only methods are used) it
        is the sum over its submodules.
        """
        if path in self.by_module:
            return self.by_module[path]
        inside = [p for p in self.by_module if p.startswith(f"{path}.")]
        top = [p for p in inside if not any(p.startswith(f"{q}.") for q in inside)]
        return sum((self.by_module[p] for p in top), start=Counter())


class Seen(TorchDispatchMode):
    """Collects the names of operators that have no formula."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None) -> Any:  # noqa: ANN001
        packet = func._overloadpacket
        if packet not in FORMULAS and packet.__name__.rstrip("_") not in FREE:
            self.unknown.add(str(packet))
        return func(*args, **(kwargs or {}))


def count(module: nn.Module, *inputs: Any) -> Count:
    """Runs module(*inputs) and counts. Gates count as open: cells are evaluated everywhere.

    Deformable convolutions count as such on every device, however they are carried out.
    """
    mapping = {packet: _raw(formula) for packet, (_, formula) in FORMULAS.items()}
    seen, counter = Seen(), FlopCounterMode(display=False, custom_mapping=mapping)
    with torch.enable_grad(), deformable_operators(module), counter, seen:
        module(*inputs)
    root = type(module).__name__
    found: dict[str, Counter[str]] = {}
    for path, operators in counter.get_flop_counts().items():
        if path == root or path.startswith(f"{root}."):
            kinds = found.setdefault(path[len(root) + 1 :], Counter())
            for packet, number in operators.items():
                kinds[FORMULAS[packet][0]] += number
    return Count(found, tuple(sorted(seen.unknown)))


def _raw(formula: Any) -> Any:
    """Marks a formula that takes tensors; torch's counter passes shapes by default."""

    def counted(*args: Any, **kwargs: Any) -> int:
        out = kwargs.pop("out_val")
        return formula(*args, out_val=out[0] if isinstance(out, tuple) else out, **kwargs)

    counted._get_raw = True  # pyright: ignore[reportFunctionMemberAccess]: torch looks for it
    return counted


@contextmanager
def deformable_operators(module: nn.Module) -> Iterator[None]:
    """Within it every DeformConv below `module` runs as torchvision's operator."""
    convs = [x for x in module.modules() if isinstance(x, DeformConv)]
    try:
        for conv in convs:
            conv.forward = _operator(conv)
        yield
    finally:
        for conv in convs:
            del conv.forward


def _operator(conv: DeformConv) -> Any:
    def forward(x, offset, mask=None):  # noqa: ANN001, ANN202 - as DeformConv.forward
        half = conv.weight.shape[-1] // 2
        stride, padding = (conv.stride, conv.stride), (half, half)
        return deform_conv2d(x, offset, conv.weight, conv.bias, stride, padding, (1, 1), mask)

    return forward
