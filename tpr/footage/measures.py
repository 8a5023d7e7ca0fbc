"""The measures of one video's tracks: motion, scale, deformation, overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpr.data.records import Track, Video
from tpr.evaluation.masks import measure
from tpr.footage.pieces import Pieces, box_pieces, centres_and_boxes, covered, mask_pieces

P3_STRIDE = 8  # pixels; of each further level twice that

MEASURES: Mapping[str, str] = {
    "displacement_sizes": "displacement / sqrt(area)",
    "displacement_own_level": "displacement, cells of the own level",
    "displacement_p3": "displacement, cells of P3",
    "scale_change": "change of scale, |log2| of the side's ratio",
    "centred_iou": "IoU of neighbours' masks, centred",
    "box_overlap": "overlap of boxes in a frame (its mean: mBOR)",
    "mask_overlap": "overlap of masks in a frame",
    "objects": "objects of a video",
    "size": "size, sqrt(area) in pixels",
    "presence": "share of the frames that show an object",
}


@dataclass(frozen=True)
class View:
    """How a network sees the frames.

    Their short edge; the upper bounds of FCOS's levels P3, P4 and so on; both in pixels. every:
    only each `every`-th frame is used.
    """

    short_edge: int
    ranges: tuple[float, ...]
    every: int = 1


def video_measures(video: Video, tracks: Sequence[Track], view: View) -> dict[str, np.ndarray]:
    """Values of each of MEASURES. Raises TrackError for a mask that cannot be read.

    Of displacement, scale and deformation there is one for each object that two successive frames
    show; of overlap one for each frame that shows an object; of sizes one for each mask.
    """
    chosen = [replace(t, segmentations=t.segmentations[:: view.every]) for t in tracks]
    masks = measure(chosen, video.height, video.width)
    table = masks.table[masks.table["area"] > 0]
    pieces = mask_pieces(table, masks.edges)
    centres, boxes = centres_and_boxes(pieces, len(table))
    height, width = table["size"] >> 32, table["size"] & 0xFFFFFFFF
    scale = view.short_edge / np.minimum(height, width)
    frames = max(map(len, (track.segmentations for track in chosen)), default=0)
    seen = np.bincount(table["row"], minlength=len(tracks))
    one, other = neighbours(table)
    return {
        **motion(table["area"], centres, boxes, scale, one, other, view.ranges),
        "centred_iou": centred_iou(pieces, centres, one, other),
        "box_overlap": overlap(table["frame"], box_pieces(boxes)),
        "mask_overlap": overlap(table["frame"], pieces),
        "objects": np.array([np.count_nonzero(seen)]),
        "size": np.sqrt(table["area"]) * scale,
        "presence": seen[seen > 0] / max(frames, 1),
    }


def neighbours(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of masks of one track in two successive frames of equal size, as indices into the
    table."""
    ahead = (np.diff(table["row"]) == 0) & (np.diff(table["frame"]) == 1)
    one = np.flatnonzero(ahead & (np.diff(table["size"]) == 0))
    return one, one + 1


def motion(
    area: np.ndarray,
    centres: np.ndarray,
    boxes: np.ndarray,
    scale: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    ranges: Sequence[float],
) -> dict[str, np.ndarray]:
    """Displacements of the masks' centres from `one` to `other`, and changes of scale.

    The own level is that of the location in the middle of the box, as FCOS assigns it.
    """
    moved = np.hypot(*(centres[other] - centres[one]).T)
    sides = (boxes[one, 2:] - boxes[one, :2]).max(axis=1, initial=0)
    level = np.searchsorted(np.asarray(ranges, float), sides / 2 * scale[one])
    cells = moved * scale[one] / P3_STRIDE
    return {
        "displacement_sizes": moved / np.sqrt(area[other]),
        "displacement_own_level": cells / 2.0**level,
        "displacement_p3": cells,
        "scale_change": np.abs(np.log2(area[other] / area[one])) / 2,
    }


def centred_iou(
    pieces: Pieces, centres: np.ndarray, one: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """IoU of masks `one` and `other` after a move by the whole pixels between their centres."""
    here, there = pieces.of(one), pieces.of(other)
    shift = np.rint(centres[other] - centres[one]).astype(np.int64)[here.shape]
    group = np.concatenate([here.shape, there.shape])
    together = Pieces(
        group,
        np.concatenate([here.column + shift[:, 0], there.column]),
        np.concatenate([here.top + shift[:, 1], there.top]),
        np.concatenate([here.bottom + shift[:, 1], there.bottom]),
    )
    union, shared = covered(group, together, len(one))
    return shared / union


def overlap(frame: np.ndarray, pieces: Pieces) -> np.ndarray:
    """For each frame that shows shapes: the area that two or more of them cover, as a share of what
    any covers. Of boxes it is OVIS's "bounding-box overlap rate". frame: of each shape."""
    frames, group = np.unique(frame, return_inverse=True)
    once, twice = covered(group[pieces.shape], pieces, len(frames))
    return twice / once
