"""Budget loss (Eq. 8): the share of the gated computation that is spent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from tpr.routing.gates import GateUse, added


def budget_loss(gates: Sequence[GateUse]) -> Tensor:
    """Mean over the images of sum(soft) / sum(full), over all gates and levels; differentiable."""
    return (added(use.soft() for use in gates) / sum(use.full() for use in gates)).mean()


def open_fraction(gates: Sequence[GateUse]) -> Tensor:
    """Share of the gated multiply-accumulates really done, an image: (N,), on the CPU."""
    return open_fractions(gates, {"": range(len(gates))})[""]


@torch.no_grad()
def open_fractions(
    gates: Sequence[GateUse], groups: Mapping[str, Sequence[int]]
) -> dict[str, Tensor]:
    """The same of groups of gates, by name, which are given as indices: each (N,), on the CPU.

    All positions come over in one transfer: gates are many, and a GPU waits at each.
    """
    maps = [m.flatten(1) for use in gates for m, _ in use.costs]
    opened = torch.split((torch.cat(maps, 1) > 0).cpu(), [m.shape[1] for m in maps], 1)
    positions = iter(opened)
    used = [added(next(positions).sum(1) * cost for _, cost in use.costs) for use in gates]
    return {
        name: added(used[i] for i in chosen) / sum(gates[i].full() for i in chosen)
        for name, chosen in groups.items()
    }


def grouped(gates: Sequence[GateUse], name: Callable[[GateUse], str]) -> dict[str, list[int]]:
    """Indices of the gates by name, names in order."""
    groups: dict[str, list[int]] = {}
    for i, use in enumerate(gates):
        groups.setdefault(name(use), []).append(i)
    return dict(sorted(groups.items()))
