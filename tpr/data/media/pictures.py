"""The one reader of pictures: upright, 8 bits, three colours, or one line that says why not.

Orientation: a picture is turned as its EXIF says, as labelme, detectron2 and photo viewers do.
Heights and widths, those of annotations too, are of the turned picture.

Depth: of 16 bits the upper 8 are kept, in grey pictures as in coloured ones. Whole numbers of 32
bits are taken as 8 bits if none is above 255, else as 16. Floats run from 0 (black) to 1, or to
255 if any is above 1. Where numbers leave these ranges, the picture's lowest becomes black and its
highest white. NaN is black.

Colours: palettes and CMYK become RGB; transparency is dropped, the colour beneath it stays.
"""

from __future__ import annotations

import os
import stat
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from tpr.data.media.orientation import AS_STORED, EXIF, Orientation
from tpr.file_heads import other_kind_of

PAGED = ("PNG", "WEBP", "TIFF")
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF")
EXIF_ORIENTATION = 0x0112
SPECIAL = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class PictureSizeError(ValueError):
    """A picture is not of the size that its annotations say."""


def read_picture(path: Path, size: tuple[int, int] | None = None) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright.

    size: height and width that it must have, checked before pixels are decoded. Raises
    PictureSizeError, FileNotFoundError, or ValueError in one line that names file and reason.
    """
    with _opened(path) as (image, orientation):
        _check_size(path, image, orientation, size)
        return _upright_rgb(image, orientation)


def _upright_rgb(image: Image.Image, orientation: Orientation) -> np.ndarray:
    image.load()
    deep = image.mode[0] in "IF"  # I, I;16, I;16B, F: more than 8 bits
    pixels = np.array(image if deep or image.mode == "RGB" else _rgb(image))
    if deep:
        pixels = np.repeat(eight_bits(pixels)[..., None], 3, axis=2)
    return pixels if orientation == AS_STORED else orientation.upright(pixels)


def page_count(path: Path) -> int:
    """Frames of an animated PNG or WebP, pages of a TIFF; 1 for any other picture, also for JPEG
    files that hold previews. Raises as `read_picture`."""
    with _opened(path) as (image, _):
        return _pages(image) if image.format in PAGED else 1


def _pages(image: Image.Image) -> int:
    """As many as Pillow can show; formats of one page do not count them."""
    return getattr(image, "n_frames", 1)


def read_pages(path: Path) -> Iterator[np.ndarray]:
    """All pages, one after the other, as `read_picture` gives the first."""
    with _opened(path) as (image, orientation):
        for page in range(_pages(image)):
            image.seek(page)
            yield _upright_rgb(image, orientation)


def page_rate(path: Path) -> Fraction | None:
    """Pages a second on average, where the file says how long they are shown."""
    milliseconds = 0
    with _opened(path) as (image, _):
        pages = _pages(image)
        for page in range(pages):
            image.seek(page)
            if image.format != "TIFF":  # has no times, and may be long to decode
                image.load()
            milliseconds += image.info.get("duration") or 0
        return Fraction(1000 * pages) / Fraction(milliseconds) if milliseconds else None


def read_samples(path: Path) -> tuple[np.ndarray, str]:
    """The numbers as they are stored, upright, (H, W) or (H, W, C), and Pillow's mode.

    For id maps, whose palette indices or 16 bits are what counts. Raises as `read_picture`.
    """
    with _opened(path) as (image, orientation):
        image.load()
        return orientation.upright(np.array(image)), image.mode


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width of the upright picture, without decoding it where its format allows that.
    Raises as `read_picture`."""
    with _opened(path) as (image, orientation):
        return orientation.upright_size((image.height, image.width))


def check_picture_size(path: Path, size: tuple[int, int]) -> None:
    """Raises as `read_picture` does for this height and width, without decoding the picture."""
    with _opened(path) as (image, orientation):
        _check_size(path, image, orientation, size)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Image.Image, Orientation]]:
    """The image, not yet decoded, and how to turn it upright.

    Whatever Pillow raises for the file, here or in the block, becomes a ValueError.
    """
    check_regular(path)
    Image.init()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
                yield image, _orientation(path, image)
    except PictureSizeError:
        raise
    except UnidentifiedImageError:
        reason = "broken or truncated image, or none that can be read: save it as PNG or JPEG"
        if other := other_kind_of(path):
            reason = f"{other.what}, not a picture: {other.fix}"
        raise ValueError(f"{path}: {reason}") from None
    except Image.DecompressionBombError:
        # the bound is None where it is switched off, and then this is not raised
        text = f"larger than {2 * Image.MAX_IMAGE_PIXELS:,} pixels: make the picture smaller"  # pyright: ignore[reportOperatorIssue]
        raise ValueError(f"{path}: {text}") from None
    except Exception as error:  # the decoders raise nearly anything for damaged files
        if isinstance(error, OSError) and error.strerror:
            raise ValueError(f"{path}: cannot be read ({error.strerror})") from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path}: broken or truncated image ({reason})") from None


def check_regular(path: Path) -> None:
    """FileNotFoundError or ValueError unless it is a file with content: opening a pipe would wait
    for ever, a device has no end."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        hint = ", only a link that leads nowhere" if path.is_symlink() else ""
        raise FileNotFoundError(f"{path}: no such file{hint}") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read ({_reason(error)})") from None
    if not stat.S_ISREG(found.st_mode):
        kind = SPECIAL.get(stat.S_IFMT(found.st_mode), "something special")
        raise ValueError(f"{path}: {kind}, not a file")
    if found.st_size == 0:
        raise ValueError(f"{path}: empty (0 bytes): copy or download it again")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _orientation(path: Path, image: Image.Image) -> Orientation:
    """What EXIF says; the picture as stored where that is missing, unknown or broken."""
    if image.format == "TIFF":
        return AS_STORED  # Pillow turns these itself
    if image.format == "PNG" and _text_follows_pixels(path):
        image.load()
    try:
        value = Image.Image.getexif(image).get(EXIF_ORIENTATION)  # PNG's own would decode first
    except Exception:  # broken EXIF in a sound picture
        return AS_STORED
    return EXIF.get(value, AS_STORED) if isinstance(value, int) else AS_STORED


def _text_follows_pixels(path: Path) -> bool:
    """Whether a PNG has chunks behind its pixels that may hold EXIF."""
    pixels = False
    with path.open("rb") as file:
        file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if pixels and kind in (b"eXIf", b"tEXt", b"zTXt", b"iTXt"):
                return True
            pixels = pixels or kind == b"IDAT"
            file.seek(length + 4, os.SEEK_CUR)
    return False


def _check_size(
    path: Path, image: Image.Image, orientation: Orientation, size: tuple[int, int] | None
) -> None:
    stored = (image.height, image.width)
    found = orientation.upright_size(stored)
    if size is None or found == size:
        return
    text = f"{path}: image is {found[1]} x {found[0]}"
    if found != stored:
        text += f" once turned upright as its EXIF says (stored: {stored[1]} x {stored[0]})"
    raise PictureSizeError(
        f"{text}, but the video is {size[1]} x {size[0]} (width x height)"
        + (": annotate the upright picture, or remove the EXIF tag" if stored == size else "")
    )


def _rgb(image: Image.Image) -> Image.Image:
    return image.convert("RGBA").convert("RGB") if image.mode == "RGBa" else image.convert("RGB")


def eight_bits(samples: np.ndarray) -> np.ndarray:
    """(H, W) of 16 or 32 bits as uint8, by the rule on top of this file."""
    if samples.dtype.kind == "u" and samples.dtype.itemsize == 2:
        return (samples >> 8).astype(np.uint8)
    values = samples.astype(np.float64)
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    whole = samples.dtype.kind in "iu"
    if low >= 0 and high <= 1 and not whole:
        values = values * 255
    elif low >= 0 and high <= 255:
        pass
    elif low >= 0 and high <= 65535 and whole:
        values = np.floor(values / 256)
    else:
        values = (values - low) * (255 / (high - low) if high > low else 0.0)
    return np.rint(np.nan_to_num(values, nan=0.0, posinf=255, neginf=0)).clip(0, 255).astype("u1")
