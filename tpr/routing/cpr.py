"""Cross Pyramid Routing: cells that route features between the scales (Sec. 3.2, Fig. 3b).

A cell is the fine-grained dynamic head's DynamicScale with a DynamicBottleneck [53].
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .gates import GateUse, SpatialGate
from .masked import add_gated, conv_at, feature_table, sparse_positions
from .norm import PositionNorm, gated_norm


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
        gate = self.gate(x)
        # conv2 at the open positions needs conv1 one pixel around them (Eq. 8's max-pooling).
        dilated = F.max_pool2d(gate, 3, stride=1, padding=1)
        alone = isinstance(self.norm1, PositionNorm)  # computes a position without the others
        here = sparse_positions(gate > 0, self.conv2.weight) if alone else None
        if here is None:
            out = self.dense(x, gate)
        elif not len(here):
            out = torch.relu(x)
        else:
            near = sparse_positions(dilated > 0, self.conv1.weight)
            out = self.masked(x, gate, near, here)
        return out, GateUse(name, level, gate, ((gate, self.cost), (dilated, self.cost)))

    def dense(self, x: Tensor, gate: Tensor) -> Tensor:
        """Everything everywhere."""
        hidden = torch.relu(self.norm1(self.conv1(x), gate, 1))
        return torch.relu(x + gate * self.norm2(self.conv2(hidden), gate))

    def masked(self, x: Tensor, gate: Tensor, near: Tensor | None, here: Tensor) -> Tensor:
        """The same numbers, with convolutions only where an open gate needs them.

        near, here: table rows of the positions where conv1 and conv2 are needed; None: everywhere.
        """
        if near is None:
            hidden = feature_table(self.norm1(self.conv1(x), gate, 1))
        else:
            hidden = conv_at(feature_table(x), near, x.shape, self.conv1.weight)
            hidden = self.norm1.rows(hidden)
        residual = conv_at(hidden.relu_(), here, x.shape, self.conv2.weight, held=near)
        residual = self.norm2.rows(residual)
        return add_gated(x, here, residual, gate)


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
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor, name: str, level: str) -> tuple[Tensor | None, GateUse]:
        """(N, C, H, W) -> (N, C, H, W), None if all is closed at test time, and the gate used.

        With anything open all is computed: gathering pays below a tenth of the positions only.
        """
        gate = self.gate(x)
        counted = gate.detach() if self.release_cost else gate
        use = GateUse(name, level, gate, ((counted, self.cost),))
        if not torch.is_grad_enabled() and not gate.any():
            return None, use
        return gate * self.norm(self.conv(x)), use


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
        outputs, uses = [], []
        for i, (name, x) in enumerate(levels):
            routed = []
            for path, label, j in (
                (self.from_finer, "from_finer", i - 1),
                (self.from_coarser, "from_coarser", i + 1),
            ):
                if 0 <= j < len(levels):
                    sent, use = path(levels[j][1], label, levels[j][0])
                    uses.append(use)
                    if sent is not None:
                        routed.append(resize(sent, x.shape[-2:]))
            z = self.output_weight * x
            for sent in routed:
                z = torch.addcmul(z, self.scale_weight, sent)
            out, use = self.bottleneck(z, "bottleneck", name)
            outputs.append(out)
            uses.append(use)
        if self.release_cost:
            uses.append(self.from_finer(levels[-1][1], "from_finer", levels[-1][0])[1])
            uses.append(self.from_coarser(levels[0][1], "from_coarser", levels[0][0])[1])
        return outputs, uses


def resize(x: Tensor, size: torch.Size) -> Tensor:
    """Bilinear resampling to `size` (H, W) with aligned corners, between the levels of a cell."""
    return F.interpolate(x, size=size, mode="bilinear", align_corners=True)


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
        return run_row(self.rows[row] if row < len(self.rows) else (), row, levels)


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
