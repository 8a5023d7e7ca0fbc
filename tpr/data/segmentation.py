"""One frame's segmentation as YouTube-VIS files write it: compressed RLE, run list or polygons."""

from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from tpr.data.rle import (
    MAX_PIXELS,
    STRANGE,
    check_counts,
    check_size,
    compress,
    decode_strings,
    mask_from_counts,
)

# pycocotools walks polygon edges at five times the resolution; longer outlines are not real data.
MAX_OUTLINE = 5_000_000


class MaskSizeError(ValueError):
    """A mask is not of the size of its video."""


def check_mask_size(size: Sequence[int], height: int, width: int) -> None:
    """MaskSizeError unless the size of a mask is the video's."""
    if list(size) != [height, width]:
        raise MaskSizeError(
            f"RLE size is {list(size)}, but the video is [{height}, {width}] (height, width)"
        )


def is_missing(segmentation: Any) -> bool:
    """Whether there is no object in this frame: null, or {} and [], which the reference evaluation
    also skips."""
    return segmentation is None or segmentation == {} or segmentation == []


def compressed(segmentation: Any, height: int, width: int) -> dict[str, Any]:
    """Any kind to a new ``{"size": [h, w], "counts": bytes}``.

    Polygons are rasterised at ``height`` x ``width`` (of the video); an RLE keeps its own size.
    A string is taken over as it is, to be checked by ``decode_strings``. Raises ValueError.
    """
    if isinstance(segmentation, list):
        return {"size": [height, width], "counts": _from_polygons(segmentation, height, width)}
    if not isinstance(segmentation, dict):
        raise ValueError(f"segmentation is {_kind(segmentation)}, not an RLE or polygons")
    size = _size(segmentation.get("size"))
    counts = segmentation.get("counts")
    if isinstance(counts, str):
        counts = _bytes(counts)
    elif isinstance(counts, list):
        check_counts(counts, *size)
        counts = compress(counts, *size)
    elif not isinstance(counts, bytes):
        raise ValueError(f'RLE "counts" is {_kind(counts)}, not a string or a list of runs')
    return {"size": size, "counts": counts}


def plain_strings(segmentations: Sequence[Any]) -> tuple[list[bytes], np.ndarray] | None:
    """Strings and (n, 2) sizes, as ``compressed`` gives them, where all are RLE of text, as in
    results files: many at a time is ten times as fast. None where one is anything else."""
    if {*map(type, segmentations)} != {dict}:
        return None
    try:
        counts, sizes = (list(map(itemgetter(key), segmentations)) for key in ("counts", "size"))
    except KeyError:
        return None
    if {*map(type, counts)} != {str} or {*map(type, sizes)} != {list} or {*map(len, sizes)} != {2}:
        return None
    sides = list(chain.from_iterable(sizes))
    if {*map(type, sides)} != {int} or min(sides) < 1 or max(sides) > MAX_PIXELS:
        return None
    shapes = np.array(sides).reshape(-1, 2)
    if shapes.prod(axis=1).max() > MAX_PIXELS:
        return None
    return [string.encode() for string in counts], shapes


def _bytes(counts: str) -> bytes:
    try:
        return counts.encode("ascii")
    except UnicodeEncodeError:
        raise ValueError(STRANGE) from None


def decode(segmentation: Any, height: int, width: int) -> np.ndarray:
    """Any kind to a (height, width) bool mask; ValueError if malformed, MaskSizeError if of another
    size."""
    rle = compressed(segmentation, height, width)
    check_mask_size(rle["size"], height, width)
    runs = decode_strings([rle["counts"]], [(height, width)])
    return mask_from_counts(runs.counts(0), height, width)


def _size(size: Any) -> list[int]:
    """[height, width] of an RLE; numpy integers pass, booleans do not."""
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise ValueError('RLE "size" is not [height, width]')
    height, width = size
    if type(height) is not int or type(width) is not int:
        if any(isinstance(x, bool) or not isinstance(x, int | np.integer) for x in size):
            raise ValueError('RLE "size" is not [height, width]')
        height, width = int(height), int(width)
    check_size(height, width)
    return [height, width]


def _from_polygons(polygons: list, height: int, width: int) -> bytes:
    check_size(height, width)
    if len(polygons) == height and _is_bitmap(polygons, width):
        raise ValueError(
            "rows of 0 and 1, not an RLE or polygons: encode the mask by pycocotools.mask.encode"
        )
    for polygon in polygons:
        _check_polygon(polygon)
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return rle["counts"]  # pyright: ignore[reportReturnType]: bytes, where pycocotools' stubs allow str


def _is_bitmap(rows: list, width: int) -> bool:
    """Whether all rows have the width and hold 0 and 1 alone, as a mask written as it is."""
    return all(
        isinstance(r, list) and len(r) == width and all(x in (0, 1) for x in r) for r in rows
    )


def _check_polygon(polygon: Any) -> None:
    if not isinstance(polygon, list | tuple) or len(polygon) < 6 or len(polygon) % 2:
        raise ValueError("a polygon is not a list of at least three x, y pairs")
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in polygon):
        raise ValueError("a polygon holds something that is not a number")
    try:
        points = np.array(polygon, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        points = np.array([[np.inf, np.inf]])
    with np.errstate(invalid="ignore", over="ignore"):  # infinity minus itself
        outline = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum()
    if not np.isfinite(points).all() or max(outline, np.abs(points).max()) > MAX_OUTLINE:
        raise ValueError("a polygon holds NaN, infinite or absurdly large coordinates")


def _kind(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"
