"""Cross Pyramid Routing: cells that route features between the scales (Sec. 3.2, Fig. 3b).

A cell is the fine-grained dynamic head's DynamicScale with a DynamicBottleneck [53].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing.execution import execution_on
from tpr.routing.gates import GateUse, SpatialGate
from tpr.routing.masked import add_gated, conv_at, gather, sparse_positions
from tpr.routing.norm import PositionNorm, by_position, gated_norm
from tpr.routing.resample import add_resized, resize
from tpr.routing.start import start_bias
from tpr.routing.tables import Table, all_windows, largest_around, positions

# Above this share of positions a whole map is convolved and resized faster than the open ones of it
# (benchmarks/routing_overhead.py: 0.1 to 0.3 take the same time).
PATHS_DENSE_ABOVE = 0.2


class GatedBottleneck(nn.Module):
    """y = ReLU(x + m F(x)), F = Norm Conv3x3 ReLU Norm Conv3x3, m = gate of x.

    `residual_init`: starting scale of F's last norm; 1 as in the release, 0 starts as identity.
    `norm`: see `gated_norm`.
    """

    def __init__(self, channels: int, residual_init: float, norm: str = "position") -> None:
        super().__init__()
        self.gate = SpatialGate(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = gated_norm(norm, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = gated_norm(norm, channels)
        self.cost = 9 * channels**2 + channels
        nn.init.normal_(self.conv1.weight, std=0.01)
        nn.init.normal_(self.conv2.weight, std=0.01)
        nn.init.constant_(self.norm2.weight, residual_init)

    def forward(self, x: Tensor, name: str, level: str) -> tuple[Tensor, GateUse]:
        """(N, C, H, W) -> (N, C, H, W) and the gate used."""
        if runs_masked(self.norm1):
            out, (use,) = self.of_table(Table.of([x]), name, [level])
            return out.levels()[0], use
        gate = self.gate(x)
        # conv2 at the open positions needs conv1 one pixel around them (Eq. 8's max-pooling).
        dilated = F.max_pool2d(gate, 3, stride=1, padding=1)
        return self.dense(x, gate), self.use(name, level, gate, dilated)

    def of_table(self, x: Table, name: str, levels: Sequence[str]) -> tuple[Table, list[GateUse]]:
        """The same at test time for the table of several levels: (R, C) -> (R, C)."""
        gate = self.gate.of_table(x)
        dilated = largest_around(gate)
        maps, dilated_maps = gate.levels(), dilated.levels()
        uses = list(map(self.use, repeat(name), levels, maps, dilated_maps))
        here = sparse_positions(gate.rows, self.conv2.weight)
        if here is None:
            return Table.of(list(map(self.dense, x.levels(), maps))), uses
        if not len(here):
            return x.like(x.rows.relu()), uses
        near = sparse_positions(dilated.rows, self.conv1.weight)
        return self.masked(x, gate, near, here), uses

    def use(self, name: str, level: str, gate: Tensor, dilated: Tensor) -> GateUse:
        """What the gate of a level controls: conv2 where it is open, conv1 around that, too."""
        return GateUse(name, level, gate, ((gate, self.cost), (dilated, self.cost)))

    def dense(self, x: Tensor, gate: Tensor) -> Tensor:
        """Everything everywhere."""
        hidden = torch.relu(self.norm1(self.conv1(x), gate, 1))
        return torch.relu(x + gate * self.norm2(self.conv2(hidden), gate))

    def masked(self, x: Table, gate: Table, near: Tensor | None, here: Tensor) -> Table:
        """The same numbers, with convolutions only where an open gate needs them.

        near, here: table rows of the positions where conv1 and conv2 are needed; None: everywhere.
        """
        if near is None:
            hidden = Table.of([self.conv1(level) for level in x.levels()]).rows
        else:
            hidden = conv_at(x, near, self.conv1.weight)
        hidden = x.like(by_position(self.norm1).rows(hidden).relu_())
        residual = conv_at(hidden, here, self.conv2.weight, held=near)
        return add_gated(x, here, by_position(self.norm2).rows(residual), gate)


class PathGate(nn.Module):
    """d(x) = G(Conv3x3(x)) Norm(DepthwiseConv3x3(x)): what a level sends to a neighbour.

    `release_cost`: count as the release does, the convolution twice and without a gradient.
    """

    def __init__(
        self, channels: int, norm: str = "position", *, release_cost: bool = False
    ) -> None:
        super().__init__()
        self.release_cost = release_cost
        self.gate = SpatialGate(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.norm = gated_norm(norm, channels)
        self.cost = (18 if release_cost else 9) * channels + channels
        nn.init.normal_(self.conv.weight, std=0.01)
        start_bias(self.conv)

    def forward(self, x: Tensor, name: str, level: str) -> tuple[Tensor, GateUse]:
        """(N, C, H, W) -> (N, C, H, W) and the gate used."""
        gate = self.gate(x)
        return self.dense(x, gate), self.use(name, level, gate)

    def use(self, name: str, level: str, gate: Tensor) -> GateUse:
        """What the gate of a level controls: what that sends."""
        counted = gate.detach() if self.release_cost else gate
        return GateUse(name, level, gate, ((counted, self.cost),))

    def dense(self, x: Tensor, gate: Tensor) -> Tensor:
        """What is sent from everywhere."""
        return gate * self.norm(self.conv(x))

    def masked(self, x: Table, gate: Table, here: Tensor) -> Tensor:
        """The same numbers at the positions with table rows `here` (M,) only: (M, C)."""
        windows = all_windows(x.sizes, 3, x.rows.dtype, x.rows.device).at(here)
        taps = self.conv.weight.flatten(1).t()  # (9, C)
        seen = gather(x.rows, windows).view(-1, *taps.shape)
        convolved = seen.mul_(taps).sum(1)
        if self.conv.bias is not None:
            convolved.add_(self.conv.bias)
        sent = by_position(self.norm).rows(convolved)
        return sent.mul_(gate.rows.index_select(0, here))


class RoutingCell(nn.Module):
    """z_l = w_out x_l + w_s (R(a(x_{l-1})) + R(b(x_{l+1}))), then the gated bottleneck.

    a routes from the finer level, b from the coarser one; both are shared over the levels, missing
    neighbours are left out, R resizes bilinearly with aligned corners. `norm`: see `gated_norm`.

    The release also evaluates, and counts, the two paths that lead out of the pyramid;
    `release_cost` does so.
    """

    def __init__(
        self,
        channels: int,
        scale_init: float,
        residual_init: float,
        norm: str = "position",
        *,
        release_cost: bool = False,
    ) -> None:
        super().__init__()
        self.release_cost = release_cost
        self.from_finer = PathGate(channels, norm, release_cost=release_cost)
        self.from_coarser = PathGate(channels, norm, release_cost=release_cost)
        self.scale_weight = nn.Parameter(torch.tensor(float(scale_init)))
        self.output_weight = nn.Parameter(torch.tensor(1.0))
        self.bottleneck = GatedBottleneck(channels, residual_init, norm)

    def forward(self, levels: list[tuple[str, Tensor]]) -> tuple[list[Tensor], list[GateUse]]:
        """[(level name, (N, C, H_l, W_l))], fine to coarse -> refined features, gates used."""
        masked = runs_masked(self.bottleneck.norm1)
        outputs, uses = self.masked(levels) if masked else self.dense(levels)
        if self.release_cost:
            uses.append(self.from_finer(levels[-1][1], "from_finer", levels[-1][0])[1])
            uses.append(self.from_coarser(levels[0][1], "from_coarser", levels[0][0])[1])
        return outputs, uses

    def dense(self, levels: list[tuple[str, Tensor]]) -> tuple[list[Tensor], list[GateUse]]:
        """Level by level, everything everywhere."""
        outputs: list[Tensor] = []
        uses: list[GateUse] = []
        for i, (name, x) in enumerate(levels):
            routed: list[Tensor] = []
            for path, label, j in (
                (self.from_finer, "from_finer", i - 1),
                (self.from_coarser, "from_coarser", i + 1),
            ):
                if 0 <= j < len(levels):
                    sent, use = path(levels[j][1], label, levels[j][0])
                    uses.append(use)
                    routed.append(resize(sent, x.shape[-2:]))
            z = self.output_weight * x
            for sent in routed:
                z = torch.addcmul(z, self.scale_weight, sent)
            out, use = self.bottleneck(z, "bottleneck", name)
            outputs.append(out)
            uses.append(use)
        return outputs, uses

    def masked(self, levels: list[tuple[str, Tensor]]) -> tuple[list[Tensor], list[GateUse]]:
        """The same numbers from one table, with little computed where gates are closed."""
        names, features = zip(*levels, strict=True)
        x = Table.of(features)
        z = x.like(self.output_weight * x.rows)
        uses: list[GateUse] = []
        if len(levels) > 1:
            uses += self.send(self.from_finer, "from_finer", -1, names, x, z)
            uses += self.send(self.from_coarser, "from_coarser", 1, names, x, z)
        out, bottlenecks = self.bottleneck.of_table(z, "bottleneck", names)
        return out.levels(), uses + bottlenecks

    def send(
        self, path: PathGate, name: str, step: int, names: Sequence[str], x: Table, z: Table
    ) -> list[GateUse]:
        """Adds to every level of z what a path sends from the level of x that is `step` further.

        Returns the gates used.
        """
        all_but_last, all_but_first = (0, len(names) - 1), (1, len(names))
        senders, receivers = (all_but_last, all_but_first)[::-step]
        sending = x.part(*senders)
        gate = path.gate.of_table(sending)
        maps, here = gate.levels(), positions(gate.rows)
        if len(here) > PATHS_DENSE_ABOVE * len(gate.rows):
            targets = z.part(*receivers).levels()
            for target, sent in zip(targets, map(path.dense, sending.levels(), maps), strict=True):
                target.addcmul_(resize(sent, target.shape[-2:]), self.scale_weight)
        elif len(here):
            sent = path.masked(sending, gate, here).mul_(self.scale_weight)
            add_resized(z, step, sent, here)
        return list(map(path.use, repeat(name), names[slice(*senders)], maps))


def runs_masked(norm: nn.Module) -> bool:
    """Whether a cell computes only what gates let through, all levels in one table.

    Its norm has to look at one position only.
    """
    return isinstance(norm, PositionNorm) and execution_on(norm.weight.device) == "masked"


class CPR(nn.Module):
    """Rows of routing cells: row i refines the levels i, i+1, ... (lower-triangular space).

    rows: cells in each row, finest level first; (3, 2, 1, 1) in the paper, for P3 ... P6.
    norm: of the gated cells, see `gated_norm`.
    """

    def __init__(
        self,
        channels: int,
        rows: tuple[int, ...] = (3, 2, 1, 1),
        *,
        scale_init: float = 0.0,
        residual_init: float = 1.0,
        norm: str = "position",
    ) -> None:
        super().__init__()
        self.rows = nn.ModuleList(
            nn.ModuleList(
                RoutingCell(channels, scale_init, residual_init, norm) for _ in range(depth)
            )
            for depth in rows
        )

    def forward(
        self, row: int, levels: list[tuple[str, Tensor]]
    ) -> tuple[list[Tensor], list[GateUse]]:
        """Runs row `row` on its levels; rows beyond the last one leave them as they are."""
        return run_row(cells_of(self.rows, row) if row < len(self.rows) else (), row, levels)


def cells_of(rows: nn.ModuleList, row: int) -> nn.ModuleList:
    """The cells of a row."""
    cells = rows[row]
    assert isinstance(cells, nn.ModuleList)
    return cells


def run_row(
    cells: Iterable[nn.Module], row: int, levels: list[tuple[str, Tensor]]
) -> tuple[list[Tensor], list[GateUse]]:
    """Runs the cells of a row one after the other; their gates are named after row and depth."""
    features = [x for _, x in levels]
    uses: list[GateUse] = []
    for depth, cell in enumerate(cells):
        named = [(name, x) for (name, _), x in zip(levels, features, strict=True)]
        features, new = cell(named)
        uses += [use._replace(name=f"row{row}.{depth}.{use.name}") for use in new]
    return features, uses
