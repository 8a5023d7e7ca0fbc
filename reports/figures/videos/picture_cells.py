"""Maps and frames as cells of a picture, and cells as rows under a name."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tpr.drawing.tracks import FONT, INK, PAPER

MARGIN, HEAD = 4, 18  # pixels beside a cell, and above a row for its name
Image = NDArray[Any]  # (H, W, 3) uint8, RGB; Any because cv2 gives no dtypes
Maps = NDArray[np.float32]  # (C, H, W), or one map (H, W)
Size = tuple[int, int]  # width and height in pixels


def coloured(values: Maps) -> Image:
    """(H, W) in [0, 1] as a heat map, one pixel for each position."""
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]


def heat(values: Maps, size: Size) -> Image:
    """(H, W) in [0, 1] as a heat map of `size`, one rectangle for each position."""
    return cv2.resize(coloured(values), size, interpolation=cv2.INTER_NEAREST)


def fitted(image: Image, size: Size) -> Image:
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def named_row(name: str, cells: Sequence[Image]) -> Image:
    """Cells side by side under their name."""
    padded = [
        cv2.copyMakeBorder(c, 0, MARGIN, 0, MARGIN, cv2.BORDER_CONSTANT, value=PAPER) for c in cells
    ]
    row = np.concatenate(padded, axis=1)
    head = np.full((HEAD, row.shape[1], 3), PAPER, np.uint8)
    cv2.putText(head, name, (0, 13), FONT, 0.42, INK, 1, cv2.LINE_AA)
    return np.concatenate([head, row])
