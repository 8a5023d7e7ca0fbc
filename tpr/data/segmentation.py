"""One frame's segmentation as YouTube-VIS files write it: compressed RLE, run list or polygons."""

from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from tpr.data.rle import (
    check_counts,
    check_size,
    compress,
    decode_strings,
    mask_from_counts,
)

# pycocotools walks polygon edges at five times the resolution; longer outlines are not real data.
MAX_OUTLINE = 5_000_000


def is_missing(segmentation: Any) -> bool:
    """No object in this frame: null, and what the reference evaluation also skips, {} and []."""
    return segmentation is None or segmentation == {} or segmentation == []


def compressed(segmentation: Any, height: int, width: int) -> tuple[bytes, int, int]:
    """Any kind to (string, height, width), canonical unless it was a string already.

    Polygons are rasterised at ``height`` x ``width`` (of the video); an RLE keeps its own size.
    A string is returned as it is, to be checked by ``decode_strings``. Raises ValueError.
    """
    if isinstance(segmentation, list):
        return _from_polygons(segmentation, height, width), height, width
    counts, height, width = fields(segmentation)
    if isinstance(counts, list):
        counts = compress(check_counts(counts, height, width), height, width)
    return counts, height, width


def fields(segmentation: Any) -> tuple[bytes | list, int, int]:
    """Counts (bytes, or the run list) and size of an RLE; ValueError unless it has that form."""
    if not isinstance(segmentation, dict):
        raise ValueError(f"segmentation is {_kind(segmentation)}, not an RLE or polygons")
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if not (isinstance(size, list | tuple) and len(size) == 2 and all(_is_int(x) for x in size)):
        raise ValueError('RLE "size" is not [height, width]')
    height, width = int(size[0]), int(size[1])
    check_size(height, width)
    if isinstance(counts, str):
        if not counts.isascii():
            raise ValueError("RLE counts hold a character outside '0' to 'o'")
        counts = counts.encode("ascii")
    if not isinstance(counts, bytes | list):
        raise ValueError(f'RLE "counts" is {_kind(counts)}, not a string or a list of runs')
    return counts, height, width


def decode(segmentation: Any, height: int, width: int) -> np.ndarray:
    """Any kind to a (height, width) bool mask; ValueError if malformed or of another size."""
    counts, own_height, own_width = compressed(segmentation, height, width)
    if (own_height, own_width) != (height, width):
        raise ValueError(
            f"RLE size is [{own_height}, {own_width}], but the video is [{height}, {width}]"
        )
    runs = decode_strings([counts], [(height, width)])
    return mask_from_counts(runs.counts(0), height, width)


def _from_polygons(polygons: list, height: int, width: int) -> bytes:
    check_size(height, width)
    for polygon in polygons:
        _check_polygon(polygon)
    rle = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return rle["counts"]


def _check_polygon(polygon: Any) -> None:
    if not isinstance(polygon, list | tuple) or len(polygon) < 6 or len(polygon) % 2:
        raise ValueError("a polygon is not a list of at least three x, y pairs")
    if any(isinstance(x, bool) or not isinstance(x, int | float) for x in polygon):
        raise ValueError("a polygon holds something that is not a number")
    try:
        points = np.array(polygon, dtype=np.float64).reshape(-1, 2)
    except OverflowError:
        points = np.array([[np.inf, np.inf]])
    outline = np.abs(points - np.roll(points, 1, axis=0)).max(axis=1).sum()
    if not np.isfinite(points).all() or max(outline, np.abs(points).max()) > MAX_OUTLINE:
        raise ValueError("a polygon holds NaN, infinite or absurdly large coordinates")


def _is_int(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"
