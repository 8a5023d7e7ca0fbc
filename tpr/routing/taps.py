"""Convolution as one matrix product with all its taps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tpr.routing.execution import is_traced
from tpr.routing.tables import Table, neighbour_columns, weighted_sums


class TapConv(nn.Conv2d):
    """Convolution with same padding, 1x1 or 3x3, of features or of several side by side.

    At test time on a CPU it multiplies with all taps at once and adds the products of the
    neighbours. For a few maps this is faster than oneDNN's convolution, which computes 16 or none,
    and what lies side by side is not copied into one tensor.
    """

    def __init__(self, channels: int, maps: int, kernel: int, *, bias: bool = True) -> None:
        # torch leaves its parameters `device` and `dtype` without a type
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            channels, maps, kernel, padding=kernel // 2, bias=bias
        )

    # tables come this way too, so that hooks see all that the convolution is asked for
    def forward(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, *parts: Tensor | Table
    ) -> Tensor | Table:
        """(N, C_i, H, W) each, the C_i add up to C -> (N, maps, H, W), or tables of several levels
        with C_i columns each -> one with `maps` columns.
        """
        tables = [part for part in parts if isinstance(part, Table)]
        if tables:
            return self.of_tables(*tables)
        maps = [part for part in parts if isinstance(part, Tensor)]
        if torch.is_grad_enabled() or maps[0].is_cuda or is_traced():
            return super().forward(maps[0] if len(maps) == 1 else torch.cat(maps, 1))
        return self.of_tables(*(Table.of([x]) for x in maps)).levels()[0]

    def of_tables(self, *parts: Table) -> Table:
        """One product a part; with taps around the position, then sums of the neighbours'."""
        matrix = self.weight.permute(2, 3, 0, 1).flatten(0, 2)  # (k^2 maps, C)
        taps = torch.split(matrix, [part.rows.shape[1] for part in parts], 1)
        alone = self.kernel_size == (1, 1)
        products = F.linear(parts[0].rows, taps[0], self.bias if alone else None)
        for part, its_taps in zip(parts[1:], taps[1:], strict=True):
            # Autocast leaves calls with `out` alone.
            rows, columns = (t.to(products.dtype) for t in (part.rows, its_taps.t()))
            torch.addmm(products, rows, columns, out=products)
        if alone:
            return parts[0].like(products)
        near = neighbour_columns(parts[0].sizes, products.dtype, products.device)
        summed = weighted_sums(products.view(-1, self.out_channels), *near)
        return parts[0].like(summed if self.bias is None else summed.add_(self.bias))
