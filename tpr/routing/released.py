"""Temporal Pyramid Routing as in the authors' released code (variant `released`).

Facts from lxtGH/TemporalPyramidRouting at aeda6bd: the R50 model's cells are `pconv`, the Swin
model's `dynamic`. tests/routing/test_parity_release.py compares both with the release's outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from tpr.routing.cpr import RoutingCell, cells_of, run_row
from tpr.routing.frame import Frame, Pyramid
from tpr.routing.gates import GateUse, SpatialGate
from tpr.routing.pconv import PConvCell
from tpr.routing.released_align import ReleasedAlign
from tpr.routing.start import start_bias
from tpr.routing.tpr import LEVELS

# Cells in each row, one row a level.
ROWS = {"pconv": (3, 2, 2, 1, 1), "dynamic": (3, 2, 1, 1, 1)}
SHORTEST = 3  # levels: a row that would have fewer starts further up


class ReleasedRouting(nn.Module):
    """Refines the query frame's pyramid with the reference frame's.

    Level by level, from fine to coarse: align the level with the reference's, run its row of cells
    on this level and all coarser ones, give the level out. The last two rows run on the last three
    levels, too; what they change above their own level is read by later rows only.

    cell: `pconv` or `dynamic`; rows: cells of each row, None for the release's.
    norm: of the gated cells; `position` is one function in training and at test, `group` is the
    release's, which is two (see `ActiveGroupNorm`).
    release_cost: count the path gates as the release does (see `RoutingCell`).
    gates_open: gates start at 0.99; the release's start at G(0) = 0 with half of them open by
    chance, as it zeroes the biases of all convolutions.
    unused_fusion: see `ReleasedAlign`. identity_init (not the release's): what `ReleasedAlign` and
    the cells start as, for short schedules.

    `gates` holds the gates of the latest call.
    """

    def __init__(
        self,
        channels: int,
        *,
        cell: str = "pconv",
        rows: Sequence[int] | None = None,
        levels: tuple[str, ...] = LEVELS,
        norm: str = "position",
        release_cost: bool = False,
        gates_open: bool = False,
        unused_fusion: bool = True,
        identity_init: bool = False,
    ) -> None:
        super().__init__()
        if cell not in ROWS:
            raise ValueError(f"unknown routing cell {cell!r}; known: {', '.join(ROWS)}")
        rows = ROWS[cell] if rows is None else rows
        if len(rows) != len(levels):
            raise ValueError(f"{len(levels)} levels need as many rows of cells, not {len(rows)}")

        def new_cell() -> nn.Module:
            if cell == "pconv":
                return PConvCell(channels, identity_init=identity_init)
            residual = 0.0 if identity_init else 1.0
            return RoutingCell(channels, 0.0, residual, norm, release_cost=release_cost)

        self.levels = levels
        self.align = ReleasedAlign(
            channels, norm=norm, unused_fusion=unused_fusion, identity_init=identity_init
        )
        self.rows = nn.ModuleList(nn.ModuleList(new_cell() for _ in range(n)) for n in rows)
        self.gates: list[GateUse] = []
        if not gates_open:
            self._zero_gate_biases()

    def _zero_gate_biases(self) -> None:
        for module in self.modules():
            if isinstance(module, SpatialGate):
                start_bias(module.conv)

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """Pyramids of (N, C, H_l, W_l) -> the refined query pyramid; other levels pass through."""
        self.gates = []
        features: list[Tensor] = [query.pyramid[name] for name in self.levels]
        refined: Pyramid = {}
        for i, name in enumerate(self.levels):
            features[i], uses = self.align(features[i], reference.pyramid[name], name)
            self.gates += uses
            first = max(min(i, len(self.levels) - SHORTEST), 0)
            suffix = list(zip(self.levels[first:], features[first:], strict=True))
            features[first:], uses = run_row(cells_of(self.rows, i), i, suffix)
            self.gates += uses
            refined[name] = features[i]
        return query.pyramid | refined
