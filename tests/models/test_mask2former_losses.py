"""The query head's matching and losses by hand."""

import math

import pytest
import torch

from tests.models.test_yolact import objects
from tpr.models.mask2former.decoder import Prediction
from tpr.models.mask2former.head import STRIDE
from tpr.models.mask2former.losses import NO_OBJECT, cell_loss, dice_loss, set_losses
from tpr.models.mask2former.matching import CELLS, CLASS, DICE, costs, match


def test_costs_of_a_pair():
    """Two queries and one object of class 1 that covers the first of two cells."""
    logits = torch.tensor([[[0.0, 0, 0], [0, math.log(2), 0]]])  # class 1: 1/3 and 1/2
    masks = torch.tensor([[[0.0, 0], [math.log(3), -math.log(3)]]])  # 1/2, 1/2; 3/4, 1/4
    found = costs(logits, masks, torch.tensor([1]), torch.tensor([[1.0, 0]]))
    half, quarter = math.log(2), -math.log(3 / 4)  # cross entropy of a cell
    dice = 1 - (2 * 0.5 + 1) / (1 + 1 + 1), 1 - (2 * 0.75 + 1) / (1 + 1 + 1)
    expected = [
        CELLS * half + DICE * dice[0] - CLASS / 3,
        CELLS * quarter + DICE * dice[1] - CLASS / 2,
    ]
    assert found.flatten().tolist() == pytest.approx(expected)


def test_matching_takes_the_least_sum_not_the_best_query_first():
    """Object 0 fits query 0 best, but so does object 1, which fits no other."""
    first = torch.tensor([[[0.0, 1.0], [2.0, 9.0], [5.0, 9.0]]])
    second = torch.tensor([[[3.0], [2.0], [1.0]]])
    pairs = match([first, torch.zeros(1, 3, 0), second])
    assert pairs.image.tolist() == [0, 0, 2] and pairs.prediction.tolist() == [0, 0, 0]
    assert dict(zip(pairs.object.tolist(), pairs.query.tolist(), strict=True)) == {1: 0, 0: 1, 2: 2}


def test_more_objects_than_queries_leave_the_dearest_out():
    pairs = match([torch.tensor([[[3.0, 1.0, 2.0]]])])
    assert pairs.object.tolist() == [1]


def test_losses_are_those_of_the_equations():
    """One object, two queries: the matched one's mask loss, both classes, "no object" at 0.1."""
    truth = objects([[0, 0, 32, 32]], [1], (32, 64))
    masks = torch.full((1, 2, 8, 16), -50.0)
    masks[0, 1, :, :8] = 50
    logits = torch.zeros(1, 2, 4)
    losses = set_losses([Prediction(logits, masks)], [truth], STRIDE)
    assert losses["loss_mask"].item() == pytest.approx(0, abs=1e-6)
    assert losses["loss_dice"].item() == pytest.approx(0, abs=1e-6)
    assert losses["loss_cls"].item() == pytest.approx(CLASS * math.log(4))
    logits[0, 1, 1] = 50  # right for the matched query; the other still costs log 4
    losses = set_losses([Prediction(logits, masks)], [truth], STRIDE)
    expected = CLASS * NO_OBJECT * math.log(4) / (1 + NO_OBJECT)
    assert losses["loss_cls"].item() == pytest.approx(expected)
    twice = set_losses([Prediction(logits, masks)] * 2, [truth], STRIDE)
    assert twice["loss_cls"].item() == pytest.approx(2 * expected)  # every prediction counts


def test_mask_losses_by_hand():
    logits, goals = torch.zeros(1, 4), torch.tensor([[1.0, 1, 0, 0]])
    assert cell_loss(logits, goals).item() == pytest.approx(math.log(2))
    assert dice_loss(logits, goals).item() == pytest.approx(1 - 3 / 5)
