"""Temporal Pyramid Routing: DACR level by level, each followed by its row of CPR (Sec. 3.2)."""

from __future__ import annotations

from torch import nn

from tpr.routing.cpr import CPR
from tpr.routing.frame import Frame, Pyramid
from tpr.routing.gates import GateUse

LEVELS = ("p3", "p4", "p5", "p6", "p7")


class TemporalPyramidRouting(nn.Module):
    """Refines the query frame's pyramid with the reference frame's.

    Level by level, from fine to coarse: DACR merges the reference level into the query's, then a
    row of CPR cells routes the result to this level and all coarser ones. Either part may be None.

    dacr: DACR, or what takes its place: (query level, reference level, name) -> level, gates used.

    levels: which levels, fine to coarse; None for all that the query's pyramid has, in its order:
    P3..P7 for one-stage methods, P2..P6 for Mask R-CNN's, where the four rows of the paper's CPR
    start at P2..P5 and P6 gets DACR only.

    `gates` holds the gates of the latest call (cleared by every call): what the budget loss, the
    cost tools and the gate maps read.
    """

    def __init__(
        self, dacr: nn.Module | None, cpr: CPR | None, levels: tuple[str, ...] | None = None
    ) -> None:
        super().__init__()
        self.dacr, self.cpr, self.levels = dacr, cpr, levels
        self.gates: list[GateUse] = []

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the refined query pyramid; other levels pass through."""
        self.gates = []
        features = {name: query.pyramid[name] for name in self.levels or query.pyramid}
        self.route(features, reference.pyramid)
        return query.pyramid | features

    def route(self, features: Pyramid, reference: Pyramid) -> None:
        """Refines the query's levels, fine to coarse, in place; other orders make other modules."""
        levels = tuple(features)
        for row, name in enumerate(levels):
            self.align(features, reference, name)
            self.run_row(row, features, levels[row:])

    def align(self, features: Pyramid, reference: Pyramid, level: str) -> None:
        """DACR of one level."""
        if self.dacr is not None:
            features[level], uses = self.dacr(features[level], reference[level], level)
            self.gates += uses

    def run_row(self, row: int, features: Pyramid, levels: tuple[str, ...]) -> None:
        """A row of CPR on some levels."""
        if self.cpr is not None:
            refined, uses = self.cpr(row, [(name, features[name]) for name in levels])
            features.update(zip(levels, refined, strict=True))
            self.gates += uses
