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

from tpr.routing import Pyramid, TemporalPyramidRouting


class FullRouting(TemporalPyramidRouting):
    """DACR on every level, then all of CPR's cells, one after the other, on all levels."""

    def route(self, features: Pyramid, reference: Pyramid) -> None:
        """All alignments, then all rows."""
        for name in features:
            self.align(features, reference, name)
        for row in range(len(self.cpr.rows) if self.cpr is not None else 0):
            self.run_row(row, features, tuple(features))
