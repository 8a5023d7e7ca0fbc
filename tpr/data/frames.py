"""Reading one video frame from disk, never outside its root and never half of it."""

import os
import stat
import warnings
from pathlib import Path

import numpy as np
from PIL import Image


class FrameSizeError(ValueError):
    """An image is not of the size that its video says."""


def read_image(root: Path, name: str, height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8 RGB. FileNotFoundError or ValueError naming the file.

    The size is checked before pixels are decoded; a truncated or broken file is refused. A symbolic
    link may only lead to somewhere inside ``root``.
    """
    path = inside(root, name)
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            raise OSError("not a file")
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore")
            if image.size != (width, height):
                raise FrameSizeError(
                    f"{path}: image is {image.size[0]} x {image.size[1]}, "
                    f"but the video is {width} x {height} (width x height)"
                )
            return np.array(image.convert("RGB"))
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: no such frame") from None
    except (OSError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: broken or truncated image ({error})") from None


def inside(root: Path, name: str) -> Path:
    """``root / name`` if it really lies in ``root``, links followed; ValueError otherwise."""
    base = Path(os.path.realpath(root))
    try:
        path = Path(os.path.realpath(base / name))
    except ValueError as error:
        raise ValueError(f"file name {name!r} is not a path ({error})") from None
    if not path.is_relative_to(base):
        raise ValueError(f"{root / name}: leads out of the frame folder {root}")
    return path
