"""How stored rows and columns become an upright picture: by EXIF's eight values or a display
matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Orientation(NamedTuple):
    """What turns a stored picture upright: rows become columns, then either is mirrored."""

    transposed: bool
    columns_mirrored: bool
    rows_mirrored: bool

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, ...) or (W, H, ...): the picture turned, contiguous."""
        turned = picture.swapaxes(0, 1) if self.transposed else picture
        turned = turned[:, ::-1] if self.columns_mirrored else turned
        return np.ascontiguousarray(turned[::-1] if self.rows_mirrored else turned)

    def upright_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the upright picture from those of the stored one."""
        return (size[1], size[0]) if self.transposed else size


AS_STORED = Orientation(False, False, False)
EXIF = {
    1: AS_STORED,
    2: Orientation(False, True, False),
    3: Orientation(False, True, True),
    4: Orientation(False, False, True),
    5: Orientation(True, False, False),
    6: Orientation(True, True, False),
    7: Orientation(True, True, True),
    8: Orientation(True, False, True),
}


def of_display_matrix(matrix: Sequence[int]) -> Orientation:
    """The nearest to a video's display matrix, nine numbers a b u c d v x y w.

    A stored point (x, y) is shown at (a x + c y, b x + d y); both axes point right and down.
    """
    a, b, _, c, d, *_ = (int(number) for number in matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)
