"""Dynamic Aligned Cell Routing: sample, gate and merge a frame pair on one level (Sec. 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tpr.routing.gates import GateUse, SpatialGate
from tpr.routing.masked import add_gated, conv_at, sparse_positions
from tpr.routing.norm import PositionNorm
from tpr.routing.precision import alike
from tpr.routing.sampling import DeformConv
from tpr.routing.start import start_bias
from tpr.routing.tables import Table
from tpr.routing.taps import TapConv

OUTER_GATE_BIAS = 1.0


class InnerCell(nn.Module):
    """Eq. 5 for one branch: Y_i = ReLU(Xhat_i + m_i H_i), H_i = Norm(Conv3x3(Xhat_i)).

    m_i is computed from both sampled features. `residual_init` is the norm's starting scale.
    """

    def __init__(self, channels: int, residual_init: float) -> None:
        super().__init__()
        self.gate = SpatialGate(2 * channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = PositionNorm(channels)
        self.cost = 9 * channels**2 + channels
        nn.init.normal_(self.conv.weight, std=0.01)
        nn.init.constant_(self.norm.weight, residual_init)

    def forward(self, sampled: Tensor, *pair: Tensor) -> tuple[Tensor, Tensor]:
        """sampled (N, C, H, W), pair of 2C channels, in one or several parts.

        Returns the output (N, C, H, W) and the gate (N, 1, H, W).
        """
        gate = self.gate(*pair)
        here = sparse_positions(gate, self.conv.weight)
        if here is None:
            return self.dense(sampled, gate), gate
        return self.masked(sampled, gate, here) if len(here) else torch.relu(sampled), gate

    def dense(self, sampled: Tensor, gate: Tensor) -> Tensor:
        """H_i everywhere."""
        return torch.relu(sampled + gate * self.norm(self.conv(sampled)))

    def masked(self, sampled: Tensor, gate: Tensor, here: Tensor) -> Tensor:
        """The same numbers, H_i only at the open positions, whose table rows are given."""
        x = Table.of([sampled])
        residual = self.norm.rows(conv_at(x, here, self.conv.weight))
        return add_gated(x, here, residual, Table.of([gate])).levels()[0]


class DACR(nn.Module):
    """Aligns a level of the reference pyramid with the query's and merges the two.

    Weights are shared over the levels. Parts can be switched off for Table 1(b); in their place:

    - sampling (Eq. 4) off: all offsets are 0, the deformable convolutions are plain 3x3 ones;
    - inner gates (Eq. 5) off: Y_i = Xhat_i, neither cell nor gate;
    - outer gate (Eq. 6) off: the gate stays at its starting value sigmoid(1) = 0.731 everywhere.

    identity_init starts the convolutions that sample as copies of their input, offsets at 0 and the
    merge as the mean of both frames, which spares the pretrained features; otherwise they start at
    random. offset_std: of the offsets' weights at the start, in place of 0 or the paper's 0.01.
    """

    def __init__(
        self,
        channels: int,
        *,
        sampling: bool = True,
        inner_gate: bool = True,
        outer_gate: bool = True,
        residual_init: float = 1.0,
        identity_init: bool = False,
        offset_std: float | None = None,
    ) -> None:
        super().__init__()
        self.offset = TapConv(2 * channels, 36, 3, bias=False) if sampling else None
        self.sample_reference = DeformConv(channels, channels)
        self.sample_query = DeformConv(channels, channels)
        self.cell_reference = InnerCell(channels, residual_init) if inner_gate else None
        self.cell_query = InnerCell(channels, residual_init) if inner_gate else None
        self.merge = TapConv(2 * channels, channels, 1)
        self.outer_gate = TapConv(2 * channels, 1, 1) if outer_gate else None
        standard = 0.0 if identity_init else 0.01
        self.reset_parameters(identity_init, standard if offset_std is None else offset_std)

    def reset_parameters(self, identity: bool, offset_std: float) -> None:
        if identity:
            nn.init.dirac_(self.sample_reference.weight)
            nn.init.dirac_(self.sample_query.weight)
            nn.init.dirac_(self.merge.weight, groups=1)
            channels = self.merge.out_channels
            self.merge.weight.data[:, channels:] = self.merge.weight.data[:, :channels]
            self.merge.weight.data.mul_(0.5)
            start_bias(self.merge)
        if self.offset is not None:
            nn.init.normal_(self.offset.weight, std=offset_std)
        if self.outer_gate is not None:
            nn.init.zeros_(self.outer_gate.weight)
            start_bias(self.outer_gate, OUTER_GATE_BIAS)

    def offsets(self, query: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
        """Offset fields O_r and O_q, (N, 18, H, W) each, in pixels of the level."""
        if self.offset is None:
            zero = query.new_zeros(query.shape[0], 18, *query.shape[-2:])
            return zero, zero
        return self.offset(reference, query).chunk(2, 1)

    def forward(self, query: Tensor, reference: Tensor, level: str) -> tuple[Tensor, list[GateUse]]:
        """query, reference (N, C, H, W) -> refined query (N, C, H, W) and the gates used."""
        offset_r, offset_q = self.offsets(query, reference)
        y_r = self.sample_reference(reference, offset_r)
        y_q = self.sample_query(query, offset_q)
        uses: list[GateUse] = []
        if self.cell_reference is not None and self.cell_query is not None:
            # Side by side in one tensor if gradients are recorded: both gates share it.
            pair = (torch.cat([y_q, y_r], 1),) if torch.is_grad_enabled() else (y_q, y_r)
            y_r, gate_r = self.cell_reference(y_r, *pair)
            y_q, gate_q = self.cell_query(y_q, *pair)
            cost = self.cell_query.cost
            uses.append(GateUse("inner_reference", level, gate_r, ((gate_r, cost),)))
            uses.append(GateUse("inner_query", level, gate_q, ((gate_q, cost),)))
        merged = self.merge(y_q, y_r)
        return torch.lerp(*alike(merged, query, self.keep(query, merged))), uses

    def keep(self, query: Tensor, merged: Tensor) -> Tensor:
        """The outer gate G of Eq. 6, (N, 1, H, W): how much of the query feature stays."""
        if self.outer_gate is None:
            return torch.sigmoid(query.new_full((1, 1, 1, 1), OUTER_GATE_BIAS))
        return torch.sigmoid(self.outer_gate(query, merged))
