"""Budget loss (Eq. 8): the share of the gated computation that is spent."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .gates import GateUse


def budget_loss(gates: Sequence[GateUse]) -> Tensor:
    """Mean over the images of sum(soft) / sum(full), over all gates and levels; differentiable."""
    return (sum(use.soft() for use in gates) / sum(use.full() for use in gates)).mean()


def open_fraction(gates: Sequence[GateUse]) -> Tensor:
    """Share of the gated multiply-accumulates really done, an image: (N,)."""
    return (sum(use.used() for use in gates) / sum(use.full() for use in gates)).detach()
