"""The shapes of CVAT's XML as masks, and those between two keyframes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

import numpy as np

from tpr.data.formats import shapes
from tpr.data.formats.cvat_xml import decimal, whole
from tpr.data.formats.origin import Origin
from tpr.data.formats.shapes import Size
from tpr.data.json_input import shown

INTERPOLATED = {  # what moves evenly between keyframes
    "box": ("xtl", "ytl", "xbr", "ybr"),
    "ellipse": ("cx", "cy", "rx", "ry"),
}
WITH_AREA = (*INTERPOLATED, "polygon", "mask")
WITHOUT_AREA = ("points", "polyline", "cuboid", "skeleton", "tag")


class Seen(NamedTuple):
    """A shape of a track in a frame; outside: the object is not seen from there on."""

    frame: int
    outside: bool
    element: Element


def seen(element: Element) -> Seen:
    frame = whole(element.get("frame"), "frame")
    if frame is None:
        raise ValueError(f"a {element.tag} has no frame")
    return Seen(frame, element.get("outside") == "1", element)


def areas(origin: Origin, parent: Element, where: str) -> Iterator[Element]:
    """The shapes in a track or an image that have an area; others are counted."""
    for element in parent:
        if element.tag in WITHOUT_AREA:
            origin.tally.add("shape without an area", f"{where}, a {element.tag}")
        elif element.tag in WITH_AREA:
            yield element


def label_of(origin: Origin, element: Element, where: str) -> str | None:
    """None where it is no category, which is counted. ValueError where it has none."""
    label = element.get("label")
    if not label:
        raise ValueError(f"{where} has no label")
    if label in (origin.categories or (label,)):
        return label
    origin.tally.add("label that is no category", f"{where} ({shown(label)})")
    return None


def mask_of(element: Element, size: Size) -> np.ndarray:
    """(H, W) bool. Raises ValueError without the place."""
    if element.tag in INTERPOLATED:
        return moving(element.tag, numbers(element), size)
    if element.tag == "mask":
        return painted(element, size)
    pairs = [point.split(",") for point in (element.get("points") or "").split(";")]
    try:
        points = [(float(x), float(y)) for x, y in pairs]
    except ValueError:
        raise ValueError(f'points {shown(element.get("points"))} are not "x,y;x,y;..."') from None
    return shapes.polygon(points, size)


def numbers(element: Element) -> list[float]:
    """Of a box or an ellipse; the last is its rotation in degrees, clockwise."""
    values = [decimal(element, key) for key in INTERPOLATED[element.tag]]
    return [*values, decimal(element, "rotation", 0.0)]


def moving(kind: str, values: list[float], size: Size) -> np.ndarray:
    draw = shapes.rectangle if kind == "box" else shapes.ellipse
    a, b, c, d, degrees = values  # as INTERPOLATED names the first four
    return draw(a, b, c, d, size, degrees)


def between(before: Element, after: Seen, share: float, size: Size) -> np.ndarray | None:
    """The mask a share of the way from one keyframe to the next: boxes and ellipses move evenly,
    or stay until the object leaves. None for other shapes, which exports list frame by frame."""
    if before.tag not in INTERPOLATED:
        return None
    values = numbers(before)
    if not after.outside and after.element.tag == before.tag:
        change = [b - a for a, b in zip(values, numbers(after.element), strict=True)]
        change[-1] = (change[-1] + 180) % 360 - 180  # the shorter way round
        values = [a + share * x for a, x in zip(values, change, strict=True)]
    return moving(before.tag, values, size)


def painted(element: Element, size: Size) -> np.ndarray:
    """A brush mask: lengths of runs of zeros and ones in turn, row by row in its own box."""
    keys = ("left", "top", "width", "height")
    left, top, width, height = (whole(element.get(key), key) for key in keys)
    if left is None or top is None or width is None or height is None:
        raise ValueError("a mask needs left, top, width and height")
    if not (0 < width <= size[1] and 0 < height <= size[0]):
        raise ValueError(f"a mask is {shown(width)} x {shown(height)}, larger than the picture")
    runs = [whole(text, "rle") for text in (element.get("rle") or "").split(",")]
    counts = [run for run in runs if run is not None]
    if len(counts) < len(runs) or min(counts) < 0 or sum(counts) != width * height:
        raise ValueError(f"the runs of a mask do not sum to its {width} x {height} pixels")
    flat = np.repeat(np.arange(len(counts)) % 2 == 1, counts)
    return shapes.placed(flat.reshape(height, width), left, top, size)
