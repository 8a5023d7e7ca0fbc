"""Pictures as the content of a PNG or JPEG file."""

from __future__ import annotations

import cv2
import numpy as np

JPEG = [cv2.IMWRITE_JPEG_QUALITY, 88]
JPEG_SIDE = 65500  # pixels
ENDINGS = {".png": [], ".jpg": JPEG, ".jpeg": JPEG}  # and the encoder's options


def encode_image(image: np.ndarray, ending: str) -> bytes:
    """(H, W, 3) uint8 RGB as file content. ValueError as `check_ending`, and for what is too large
    for a JPEG file."""
    check_ending(ending)
    if ENDINGS[ending.lower()] == JPEG and max(image.shape) > JPEG_SIDE:
        size = f"{image.shape[1]} x {image.shape[0]}"
        raise ValueError(f"JPEG takes at most {JPEG_SIDE} pixels a side, not {size}: use .png")
    return cv2.imencode(ending.lower(), image[..., ::-1], ENDINGS[ending.lower()])[1].tobytes()


def check_ending(ending: str) -> None:
    """ValueError unless it is one that `encode_image` knows."""
    if ending.lower() not in ENDINGS:
        raise ValueError(f"cannot write a picture as {ending!r}; use .png or .jpg")
