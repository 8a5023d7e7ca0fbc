"""Overlaps of one video's predictions with its true tracks, frame by frame, of any category."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tpr.evaluation.arrays import Bools, Floats, Ints
from tpr.evaluation.iou import shared_pixels, track_ious
from tpr.evaluation.masks import Masks


@dataclass(frozen=True)
class FrameOverlaps:
    """D predictions beside G true tracks over T frames, from which both may be absent."""

    shared: Ints  # (D, G, T) pixels that both have; 0 where the sizes of their masks differ
    areas: Ints  # (D, T) of predictions
    true_areas: Ints  # (G, T)
    there: Bools  # (D, T) the prediction has a mask, if an empty one
    true_there: Bools  # (G, T)
    track_iou: Floats  # (D, G) over all frames, as AP counts them

    @cached_property
    def iou(self) -> Floats:
        """(D, G, T) 0 where either has no pixels."""
        union = self.areas[:, None] + self.true_areas[None] - self.shared
        return np.divide(self.shared, union, out=np.zeros(union.shape), where=union > 0)


def frame_overlaps(masks: Masks, truths: int) -> FrameOverlaps:
    """The overlaps of a video's tracks by their masks; the first ``truths`` tracks are true
    ones."""
    tracks, frames = len(masks.lengths), int(masks.lengths.max(initial=0))
    table = masks.table
    areas = np.zeros((tracks, frames), np.int64)
    there = np.zeros((tracks, frames), bool)
    areas[table["row"], table["frame"]] = table["area"]
    there[table["row"], table["frame"]] = True
    shared = np.zeros((tracks - truths, truths, frames), np.int64)
    result, true = _meeting(table, int(masks.first[truths]))
    place = table["row"][result] - truths, table["row"][true], table["frame"][true]
    shared[place] = shared_pixels(masks, np.stack([result, true], axis=1))
    rows = np.indices((tracks - truths, truths)).reshape(2, -1).T + np.array([truths, 0])
    iou = track_ious(masks, rows).reshape(tracks - truths, truths)
    return FrameOverlaps(
        shared, areas[truths:], areas[:truths], there[truths:], there[:truths], iou
    )


def _meeting(table: np.ndarray, truths: int) -> tuple[Ints, Ints]:
    """Masks of predictions, each with each mask of true tracks of its frame: two (P,) places in the
    table, of whose masks the first ``truths`` are of true tracks."""
    frame = table["frame"]
    order = np.argsort(frame[:truths], kind="stable")
    of_truths = frame[:truths][order]
    first, last = (np.searchsorted(of_truths, frame[truths:], side) for side in ("left", "right"))
    number = last - first
    result = np.repeat(np.arange(truths, len(table)), number)
    within = np.arange(len(result)) - np.repeat(np.cumsum(number) - number, number)
    return result, order[np.repeat(first, number) + within]
