"""Masks and boxes as vertical pieces of columns, and how often they cover a pixel; nothing is
decoded to pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pieces:
    """Stretches of single columns, each of one shape: rows `top` to `bottom`, which is beyond it.

    All int64 of one length; `shape` rises.
    """

    shape: np.ndarray
    column: np.ndarray
    top: np.ndarray
    bottom: np.ndarray

    def of(self, shapes: np.ndarray) -> Pieces:
        """Pieces of these shapes, which are numbered anew; one may stand there twice."""
        first = np.searchsorted(self.shape, shapes)
        number, place = spread(first, np.searchsorted(self.shape, shapes, "right") - first)
        return Pieces(number, self.column[place], self.top[place], self.bottom[place])


def spread(first: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For ranges of ``counts`` integers that begin at ``first``: for each member its range's index,
    and its value."""
    number = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(number)) - np.repeat(np.cumsum(counts) - counts, counts)
    return number, first[number] + within


def mask_pieces(table: np.ndarray, edges: np.ndarray) -> Pieces:
    """Of masks as `tpr.evaluation.masks.Masks` holds them."""
    number, place = spread(table["begin"] // 2, (table["end"] - table["begin"]) // 2)
    start, stop = edges[2 * place].astype(np.int64), edges[2 * place + 1].astype(np.int64)
    number, start, stop = (values[stop > start] for values in (number, start, stop))
    height = table["size"][number] >> 32
    left, right = start // height, (stop - 1) // height
    stretch, column = spread(left, right - left + 1)
    height, start, stop = height[stretch], start[stretch], stop[stretch]
    top = np.where(column == left[stretch], start - column * height, 0)
    bottom = np.where(column == right[stretch], stop - column * height, height)
    return Pieces(number[stretch], column, top, bottom)


def box_pieces(boxes: np.ndarray) -> Pieces:
    """Of (n, 4) left, top, right, bottom, of integers; right and bottom are beyond a box."""
    number, column = spread(boxes[:, 0], boxes[:, 2] - boxes[:, 0])
    return Pieces(number, column, boxes[number, 1], boxes[number, 3])


def centres_and_boxes(pieces: Pieces, shapes: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) mean x, y of the pixels' centres, and (n, 4) boxes as above; no shape is empty."""
    if not shapes:
        return np.zeros((0, 2)), np.zeros((0, 4), np.int64)
    begin = np.searchsorted(pieces.shape, np.arange(shapes))
    length = pieces.bottom - pieces.top
    area = np.add.reduceat(length, begin)
    x = np.add.reduceat((pieces.column + 0.5) * length, begin) / area
    y = np.add.reduceat((pieces.top + pieces.bottom) / 2 * length, begin) / area
    least = [np.minimum.reduceat(values, begin) for values in (pieces.column, pieces.top)]
    most = [np.maximum.reduceat(values, begin) for values in (pieces.column + 1, pieces.bottom)]
    return np.stack([x, y], 1), np.stack([*least, *most], 1)


def covered(group: np.ndarray, pieces: Pieces, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of each group that its shapes cover at least once, and at least twice.

    group: of each piece. Pieces may lie anywhere in the plane.
    """
    if not len(group):
        return np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    low, high = pieces.top.min(), pieces.bottom.max() + 1
    column = pieces.column - pieces.column.min()
    line = group * (column.max() + 1) + column  # all columns of all groups, one below the other
    base = line * (high - low) - low
    # the last bit says whether a piece begins or ends there: sorting needs no second array
    events = np.concatenate([2 * (base + pieces.top) + 1, 2 * (base + pieces.bottom)])
    events.sort()
    depth = np.cumsum(2 * (events & 1) - 1)[:-1]
    length = np.diff(events >> 1)
    owner = (events[:-1] >> 1) // ((high - low) * (column.max() + 1))
    once, twice = (np.bincount(owner, length * (depth >= n), groups) for n in (1, 2))
    return once.astype(np.int64), twice.astype(np.int64)
