"""Pieces of masks against the masks as pixels."""

import numpy as np
import pytest

from tpr.data.records import Track
from tpr.data.rle import encode
from tpr.evaluation.masks import measure
from tpr.footage.measures import centred_iou, overlap
from tpr.footage.pieces import box_pieces, centres_and_boxes, covered, mask_pieces

HEIGHT, WIDTH = 9, 7


def shapes(seed: int, count: int) -> np.ndarray:
    """(count, H, W) bool, none empty; whole columns and columns that meet are among them."""
    rng = np.random.default_rng(seed)
    found = rng.random((count, HEIGHT, WIDTH)) < rng.choice([0.2, 0.5, 0.9], (count, 1, 1))
    found[0] = True
    found[:, 4, 3] = True
    return found


def read(masks: np.ndarray):
    table = measure([Track(1, 1, 1, [encode(mask) for mask in masks])], HEIGHT, WIDTH)
    return mask_pieces(table.table, table.edges)


@pytest.mark.parametrize("seed", range(5))
def test_centres_boxes_and_areas_are_those_of_the_pixels(seed):
    masks = shapes(seed, 6)
    pieces = read(masks)
    centres, boxes = centres_and_boxes(pieces, len(masks))
    for mask, centre, box in zip(masks, centres, boxes, strict=True):
        y, x = np.nonzero(mask)
        assert centre == pytest.approx([x.mean() + 0.5, y.mean() + 0.5])
        assert box.tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]
    once, twice = covered(pieces.shape, pieces, len(masks))
    assert once.tolist() == masks.sum((1, 2)).tolist() and not twice.any()


@pytest.mark.parametrize("seed", range(5))
def test_overlap_of_masks_and_boxes_is_that_of_the_pixels(seed):
    masks = shapes(seed, 6)[1:]
    frame = np.array([4, 4, 4, 7, 7])
    pieces = read(masks)
    boxes = centres_and_boxes(pieces, 5)[1]
    filled = np.zeros_like(masks)
    for one, (x0, y0, x1, y1) in zip(filled, boxes, strict=True):
        one[y0:y1, x0:x1] = True
    pairs = ((masks, overlap(frame, pieces)), (filled, overlap(frame, box_pieces(boxes))))
    for drawn, found in pairs:
        depth = np.stack([drawn[frame == t].sum(0) for t in (4, 7)])
        assert found == pytest.approx((depth > 1).sum((1, 2)) / (depth > 0).sum((1, 2)))


def test_deformation_is_measured_after_a_move_out_of_the_frame():
    plain = np.zeros((HEIGHT, WIDTH), bool)
    plain[2:5, 1:4] = True
    moved, halved = np.roll(plain, (4, 3), (0, 1)), plain.copy()
    halved[2:5, 1] = False
    pieces = read(np.stack([plain, moved, halved]))
    centres = np.array([[2.5, 3.5], [5.5, 7.5], [2.5, 3.5]])
    iou = centred_iou(pieces, centres, np.array([0, 0, 1]), np.array([1, 2, 0]))
    assert iou == pytest.approx([1, 6 / 9, 1])
