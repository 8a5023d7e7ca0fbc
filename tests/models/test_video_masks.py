"""Masks predicted in boxes, at the video's size."""

import torch
from detectron2.layers.mask_ops import paste_masks_in_image
from detectron2.structures import Boxes, Instances

from tpr.models.masks import video_masks

BESIDE = [[30.0, 2, 40, 9], [-9.0, 2, -4, 9], [2.0, 25, 9, 30], [2.0, -20, 9, -6]]
ACROSS = [[2.0, 3, 12, 9], [-4.0, -4, 30, 30], [19.5, 2, 40, 9], [5.0, 5, 5, 9]]


def found(boxes):
    out = Instances((16, 20))
    out.pred_boxes, out.pred_masks = Boxes(torch.tensor(boxes)), torch.ones(len(boxes), 4, 4)
    return out


def test_boxes_beside_the_picture_show_nothing():
    assert video_masks(found(BESIDE), (16, 20)).sum() == 0
    mixed = video_masks(found([*BESIDE, *ACROSS]), (16, 20))
    assert mixed[: len(BESIDE)].sum() == 0
    assert torch.equal(mixed[len(BESIDE) :], video_masks(found(ACROSS), (16, 20)))


def test_all_others_are_detectron2s():
    masks = video_masks(found(ACROSS), (16, 20))
    expected = paste_masks_in_image(torch.ones(4, 4, 4), torch.tensor(ACROSS), (16, 20))
    assert torch.equal(masks, expected) and masks[0].sum() == 60
