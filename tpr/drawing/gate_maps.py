"""A picture of how far a module's gates are open in one frame."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tpr.drawing.tracks import headed
from tpr.routing import GateUse

COLUMNS = 3


def gate_maps(uses: Sequence[GateUse], share: tuple[float, float]) -> dict[str, np.ndarray]:
    """Level name to the mean of its gates, (H_l, W_l) in [0, 1], for a batch of one frame.

    share: how much of a map's height and width the frame covers, the rest being padding.
    """
    maps: dict[str, list[np.ndarray]] = {}
    for use in uses:
        gate = use.gate[0, 0].detach().float().cpu().numpy()
        rows, columns = (max(1, round(s * n)) for s, n in zip(share, gate.shape, strict=True))
        maps.setdefault(use.level, []).append(gate[:rows, :columns])
    return {level: np.mean(found, axis=0) for level, found in sorted(maps.items())}


def gate_panel(picture: np.ndarray, maps: dict[str, np.ndarray], width: int) -> np.ndarray:
    """(H, W, 3): the frame under each level's map, black where closed, in rows of three.

    As high as a frame of `width` pixels, and half as wide again. Without maps (a video's first
    frame has no reference) every cell is dark. ValueError for more than six levels.
    """
    if len(maps) > 2 * COLUMNS:
        raise ValueError(f"gate maps of {len(maps)} levels do not fit: at most {2 * COLUMNS}")
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    cell = (max(1, width // 2), max(1, height // 2))
    small = cv2.resize(picture, cell, interpolation=cv2.INTER_AREA) // 4
    cells = [_cell(small, level, one) for level, one in maps.items()]
    cells += [small] * (2 * COLUMNS - len(cells))
    rows = [cells[at : at + COLUMNS] for at in range(0, 2 * COLUMNS, COLUMNS)]
    panel = np.concatenate([np.concatenate(row, axis=1) for row in rows])[:height]
    bottom = height - len(panel)
    return cv2.copyMakeBorder(panel, 0, bottom, 0, 0, cv2.BORDER_CONSTANT)


def gate_panel_width(width: int) -> int:
    """Width of the panel beside a frame of `width` pixels."""
    return COLUMNS * max(1, width // 2)


def _cell(small: np.ndarray, level: str, gate: np.ndarray) -> np.ndarray:
    """One level: the dark frame, lit where its gates are open; its number is the mean of all
    gates at all positions, 0 closed to 1 open."""
    size = (small.shape[1], small.shape[0])
    lit = cv2.resize(gate.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
    heat = cv2.applyColorMap((255 * lit.clip(0, 1)).astype(np.uint8), cv2.COLORMAP_INFERNO)
    mixed = cv2.add(small, np.ascontiguousarray(heat[..., ::-1]))
    title = headed(f"{level}: mean gate {gate.mean():.2f}", mixed)
    return title[: size[1]]
