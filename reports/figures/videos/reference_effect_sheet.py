"""The drawing of how temporal modules use the reference frame: heat maps and motion."""

from collections.abc import Sequence

import cv2
import numpy as np
from torch import Tensor

from baselines.reference_use import ReferenceUse
from reports.figures.videos.picture_cells import Image, Maps, Size, fitted, heat, named_row
from tpr.drawing.tracks import PAPER

LEVELS = ("p3", "p4", "p5")
WIDTH = 200  # of a cell, pixels
GATE = "inner_reference"


def effect_sheet(
    frames: Sequence[Image], found: dict[str, ReferenceUse]
) -> tuple[Image, float, float]:
    """The picture, uint8 RGB, and its scales: the largest change, and the farthest motion in
    pixels.

    frames: the reference and the query, (H, W, 3) uint8 RGB; found: by run, for batches of one
    frame.
    """
    size = (WIDTH, round(WIDTH * frames[1].shape[0] / frames[1].shape[1]))
    changes = {run: {k: array(one.change[k])[0] for k in LEVELS} for run, one in found.items()}
    motions = {run: 8 * array(one.motion["p3"]) for run, one in found.items() if one.motion}
    brightest = max((x.max() for maps in changes.values() for x in maps.values()), default=0.0)
    farthest = max((np.hypot(*x).max() for x in motions.values()), default=0.0)
    lines = [named_row("the frame before, and the frame", [fitted(x, size) for x in frames])]
    for run, maps in changes.items():
        cells = [heat(x / max(brightest, 1e-9), size) for x in maps.values()]
        if run in motions:
            cells.append(wheel(motions[run] / max(farthest, 1e-9), size))
        cells += [heat(gate, size) for gate in gates(found[run])]
        lines.append(named_row(run, cells))
    width = max(x.shape[1] for x in lines)
    return np.concatenate([widened(x, width) for x in lines]), float(brightest), float(farthest)


def array(x: Tensor) -> Maps:
    """The first element of a batch as float32: (N, C, H, W) -> (C, H, W)."""
    return x[0].float().cpu().numpy()


def gates(one: ReferenceUse) -> list[Maps]:
    """The gate on the reference at P3, (H, W) in [0, 1]; None where the module has none there.

    Of several (full pyramid align) the one for the reference's own P3.
    """
    wanted = (GATE, f"p3.{GATE}")
    return [array(u.gate)[0] for u in one.gates if u.level == "p3" and u.name in wanted][:1]


def wheel(motion: Maps, size: Size) -> Image:
    """(2, H, W) vectors of length at most 1 as RGB: direction as hue, length as saturation on
    white."""
    dx, dy = motion
    hue = np.rint(np.degrees(np.arctan2(dy, dx)) % 360 / 2) % 180
    saturation = np.rint(255 * np.clip(np.hypot(dx, dy), 0, 1))
    hsv = np.stack([hue, saturation, np.full_like(hue, 255)], -1).astype(np.uint8)
    return cv2.resize(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), size, interpolation=cv2.INTER_NEAREST)


def widened(block: Image, width: int) -> Image:
    extra = width - block.shape[1]
    return cv2.copyMakeBorder(block, 0, 0, 0, extra, cv2.BORDER_CONSTANT, value=PAPER)
