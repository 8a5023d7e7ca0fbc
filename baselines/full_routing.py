"""Full pyramid routing (Fig. 5b), a row of Table 1(c).

[34] (Learning Dynamic Routing for Semantic Segmentation) routes every scale through the same number
of layers; the paper takes over that shape: "all nodes in query feature pyramid are with the same
routing depth". Table 1(c) compares "under the same routing depth config", so this takes CPR's own
cells, rows [3, 2, 1, 1], but each of the seven works on all of P3..P7 instead of a suffix. That is
1.96 times the gated computation of CPR (35805 instead of 18285 cell positions at 640x384) with the
same parameters; published are 2.8 times (+6.5 against +2.3 GFLOPs). With all cells on all levels
nothing is left to interleave: all levels are aligned first.
"""

from __future__ import annotations

from torch import Tensor, nn

from tpr.routing import CPR, DACR, LEVELS, Frame, GateUse, Pyramid


class FullRouting(nn.Module):
    """DACR on every level, then all of CPR's cells, one after the other, on all levels.

    dacr: or another module that takes its place, or None; `gates` holds the latest call's.
    """

    def __init__(self, dacr: DACR | None, cpr: CPR, levels: tuple[str, ...] = LEVELS) -> None:
        super().__init__()
        self.dacr, self.cpr, self.levels = dacr, cpr, levels
        self.gates: list[GateUse] = []

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the refined query pyramid; other levels pass through."""
        self.gates = []
        features: list[Tensor] = [query.pyramid[name] for name in self.levels]
        if self.dacr is not None:
            for i, name in enumerate(self.levels):
                features[i], uses = self.dacr(features[i], reference.pyramid[name], name)
                self.gates += uses
        for row in range(len(self.cpr.rows)):
            features, uses = self.cpr(row, list(zip(self.levels, features, strict=True)))
            self.gates += uses
        return query.pyramid | dict(zip(self.levels, features, strict=True))
