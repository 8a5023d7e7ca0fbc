"""Drawing tracks on one frame: masks, boxes and names, one colour a track. No data sets here.

Frames are uint8 RGB arrays (H, W, 3), colours RGB triples.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from tpr.data.youtube_vis import tight_box

Colour = tuple[int, int, int]
FONT = cv2.FONT_HERSHEY_SIMPLEX
BAR = 18  # pixels
INK, PAPER = (29, 35, 43), (252, 252, 250)


@dataclass(frozen=True)
class DrawnTrack:
    """A track ready to draw: a mask (H, W) bool or None a frame."""

    label: str
    masks: tuple[np.ndarray | None, ...]
    colour: Colour


def track_colour(number: int) -> Colour:
    """A colour that depends on the number alone; neighbours are far apart in hue.

    The first are pink, cyan and yellow, which stand out from most pictures.
    """
    hue = (0.9 + number * 0.61803398875) % 1.0
    lightness = (0.55, 0.45, 0.65)[(number // 7) % 3]
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.85)
    return round(red * 255), round(green * 255), round(blue * 255)


def overlay(
    frame: np.ndarray,
    tracks: Sequence[DrawnTrack],
    t: int,
    *,
    width: int | None = None,
    boxes: bool = True,
) -> np.ndarray:
    """A copy of the frame, enlarged to `width` pixels, with the tracks present in frame t.

    Masks are tinted and outlined, boxes thin, names at the box's upper corner.
    """
    height, own_width = frame.shape[:2]
    scale = (width or own_width) / own_width
    size = (width or own_width, max(1, round(height * scale)))
    image = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    masks = ((track, track.masks[t]) for track in tracks)
    present = [(track, mask) for track, mask in masks if mask is not None and mask.any()]
    for track, mask in present:
        _paint(image, mask, track.colour)
    for track, mask in present:
        corners = [round(side * scale) for side in tight_box(mask)]
        if boxes:
            cv2.rectangle(image, corners[:2], (corners[2] - 1, corners[3] - 1), track.colour, 1)
        _tag(image, track.label, corners[:2], track.colour)
    return image


def _paint(image: np.ndarray, mask: np.ndarray, colour: Colour, opacity: float = 0.45) -> None:
    """Tint and outline a mask, in place; the mask is enlarged smoothly to the image."""
    size = (image.shape[1], image.shape[0])
    inside = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) >= 0.5
    tinted = image[inside] * (1 - opacity) + np.array(colour) * opacity
    image[inside] = np.rint(tinted).astype(np.uint8)
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(image, outlines, -1, colour, max(1, round(size[0] / 120)))


def _tag(image: np.ndarray, text: str, corner: Sequence[int], colour: Colour) -> None:
    """A small name on its colour, kept inside the image."""
    (width, height), base = cv2.getTextSize(text, FONT, 0.32, 1)
    x = max(0, min(corner[0], image.shape[1] - width - 2))
    y = max(height + base + 1, corner[1])
    cv2.rectangle(image, (x, y - height - base - 1), (x + width + 1, y), colour, -1)
    dark = np.dot(colour, (0.299, 0.587, 0.114)) > 120
    cv2.putText(
        image,
        text,
        (x + 1, y - base),
        FONT,
        0.32,
        INK if dark else PAPER,
        1,
        cv2.LINE_AA,
    )


def headed(name: str, image: np.ndarray) -> np.ndarray:
    """The image (H, W, 3) under a bar with its name: (H + BAR, W, 3)."""
    bar = np.full((BAR, image.shape[1], 3), PAPER, np.uint8)
    cv2.putText(bar, name, (0, 13), FONT, 0.42, INK, 1, cv2.LINE_AA)
    return np.concatenate([bar, image])
