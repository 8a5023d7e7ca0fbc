"""Drawing what temporal modules brought from the reference frame: heat maps and motion."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tpr.drawing import FONT, INK, PAPER

if TYPE_CHECKING:
    from baselines.brought import Brought

LEVELS = ("p3", "p4", "p5")
WIDTH, MARGIN, HEAD = 200, 4, 18
GATE = "inner_reference"


def sheet(
    frames: Sequence[np.ndarray], found: dict[str, "Brought"]
) -> tuple[np.ndarray, float, float]:
    """The picture, uint8 RGB, and its scales: the largest change, the farthest motion in pixels.

    frames: the reference and the query, (H, W, 3) uint8 RGB; found: by run, of batches of one.
    """
    size = (WIDTH, round(WIDTH * frames[1].shape[0] / frames[1].shape[1]))
    changes = {run: {k: array(one.change[k])[0] for k in LEVELS} for run, one in found.items()}
    motions = {run: 8 * array(one.motion["p3"]) for run, one in found.items() if one.motion}
    brightest = max((x.max() for maps in changes.values() for x in maps.values()), default=0.0)
    farthest = max((np.hypot(*x).max() for x in motions.values()), default=0.0)
    lines = [line("the frame before, and the frame", [fitted(x, size) for x in frames])]
    for run, maps in changes.items():
        cells = [heat(x / max(brightest, 1e-9), size) for x in maps.values()]
        if run in motions:
            cells.append(wheel(motions[run] / max(farthest, 1e-9), size))
        cells += [heat(gate, size) for gate in gates(found[run])]
        lines.append(line(run, cells))
    width = max(x.shape[1] for x in lines)
    return np.concatenate([widened(x, width) for x in lines]), float(brightest), float(farthest)


def array(x) -> np.ndarray:  # noqa: ANN001 - a tensor; torch is not imported here
    """The first of a batch as float32: (N, C, H, W) -> (C, H, W)."""
    return x[0].float().cpu().numpy()


def gates(one: "Brought") -> list[np.ndarray]:
    """The inner gate on the reference of P3, (H, W) in [0, 1], where the module has one there.

    Of several (full pyramid align) the one of P3's own reference level.
    """
    wanted = (GATE, f"p3.{GATE}")
    return [array(u.gate)[0] for u in one.gates if u.level == "p3" and u.name in wanted][:1]


def heat(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W) in [0, 1] as a heat map of `size` (width, height), one square a position."""
    levels = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]
    return cv2.resize(coloured, size, interpolation=cv2.INTER_NEAREST)


def wheel(motion: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(2, H, W) of length at most 1: direction as hue, length as saturation on white."""
    dx, dy = motion
    hue = np.rint(np.degrees(np.arctan2(dy, dx)) % 360 / 2) % 180
    saturation = np.rint(255 * np.clip(np.hypot(dx, dy), 0, 1))
    hsv = np.stack([hue, saturation, np.full_like(hue, 255)], -1).astype(np.uint8)
    return cv2.resize(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), size, interpolation=cv2.INTER_NEAREST)


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def line(name: str, cells: list[np.ndarray]) -> np.ndarray:
    """Cells side by side under their name."""
    padded = [
        cv2.copyMakeBorder(c, 0, MARGIN, 0, MARGIN, cv2.BORDER_CONSTANT, value=PAPER) for c in cells
    ]
    row = np.concatenate(padded, axis=1)
    head = np.full((HEAD, row.shape[1], 3), PAPER, np.uint8)
    cv2.putText(head, name, (0, 13), FONT, 0.42, INK, 1, cv2.LINE_AA)
    return np.concatenate([head, row])


def widened(block: np.ndarray, width: int) -> np.ndarray:
    extra = width - block.shape[1]
    return cv2.copyMakeBorder(block, 0, 0, 0, extra, cv2.BORDER_CONSTANT, value=PAPER)
