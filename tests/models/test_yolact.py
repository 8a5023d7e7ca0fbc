"""YOLACT's anchors, matching, masks and padding on tiny cases worked out by hand."""

import pytest
import torch
from detectron2.structures import BitMasks, Boxes, Instances

from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.models.yolact_losses import class_loss, crop_to_boxes, downsample, semantic_loss
from tpr.models.yolact_targets import (
    BACKGROUND,
    NEUTRAL,
    decode_offsets,
    encode_boxes,
    make_anchors,
    match_anchors,
)

CPU = torch.device("cpu")


def objects(boxes, classes, size=(64, 96)):
    found = Instances(size)
    found.gt_boxes = Boxes(torch.tensor(boxes, dtype=torch.float32).view(-1, 4))
    found.gt_classes = torch.tensor(classes, dtype=torch.long)
    masks = torch.zeros(len(boxes), *size, dtype=torch.bool)
    for mask, box in zip(masks, found.gt_boxes.tensor.int().tolist(), strict=True):
        mask[box[1] : box[3], box[0] : box[2]] = True
    found.gt_masks = BitMasks(masks)
    return found


def test_anchors_are_square_in_pixels_or_shares_of_the_image():
    pixels = make_anchors([(1, 2)], (64, 128), [40], None, CPU)
    assert pixels[:, :2].tolist() == [[32, 32]] * 3 + [[96, 32]] * 3
    sides = [40, 40 * 0.5**0.5, 40 * 2**0.5]
    assert pixels[:3, 2].tolist() == pytest.approx(sides)
    assert torch.equal(pixels[:, 2], pixels[:, 3])
    shares = make_anchors([(1, 2)], (64, 128), [40], 80, CPU)  # half of the image each way
    assert shares[0].tolist() == [32, 32, 64, 32]


def test_on_the_public_codes_squares_both_are_the_same():
    sizes = [(4, 4), (2, 2)]
    one, other = (make_anchors(sizes, (32, 32), [8, 16], m, CPU) for m in (None, 32))
    torch.testing.assert_close(one, other)


def test_decoding_inverts_encoding():
    torch.manual_seed(0)
    anchors = torch.rand(20, 4) * 50 + 5
    corner = torch.rand(20, 2) * 60
    boxes = torch.cat([corner, corner + torch.rand(20, 2) * 40 + 1], 1)
    torch.testing.assert_close(decode_offsets(encode_boxes(boxes, anchors), anchors), boxes)


def test_matching_thresholds_and_claims():
    """IoUs of 1, 9/16, 7/16 and 1/4 with the first object; the second, which overlaps no anchor
    by much, still claims its best one."""
    anchors = torch.tensor(
        [
            [8.0, 8, 16, 16],
            [8, 8, 12, 12],
            [8, 11.5, 16, 7],
            [8, 8, 8, 8],
            [60, 40, 40, 40],
            [60, 40, 60, 60],
        ]
    )
    found = objects([[0, 0, 16, 16], [58, 38, 62, 42]], [2, 5])
    targets = match_anchors(anchors, [found])
    labels = [3, 3, NEUTRAL, BACKGROUND, 6, BACKGROUND]
    assert targets.labels[0].tolist() == labels
    assert targets.instance[0, [0, 1, 4]].tolist() == [0, 0, 1]


def test_two_objects_never_claim_one_anchor():
    """The better fitting one gets it, the other its next best."""
    anchors = torch.tensor([[10.0, 10, 20, 20], [40, 10, 20, 20]])
    found = objects([[0, 0, 20, 19], [0, 0, 20, 18]], [0, 1])
    targets = match_anchors(anchors, [found])
    assert targets.labels[0].tolist() == [1, 2]


def test_only_the_hardest_background_counts():
    """One positive anchor, so the three background anchors least sure to be background."""
    labels = torch.tensor([[1, 0, 0, 0, 0, 0, -1]])
    logits = torch.zeros(1, 7, 2)
    logits[0, :, 0] = torch.tensor([0.0, 1, 2, 3, 4, 5, -9])
    expected = sum(torch.log(1 + torch.exp(-torch.tensor(x))) for x in (0.0, 1.0, 2.0, 3.0))
    assert class_loss(logits, labels).item() == pytest.approx(expected.item())


def test_masks_meet_their_map_where_the_input_was_padded():
    """On a map of 2 x 3 cells of 4 pixels; a cell is what its middle four pixels are."""
    mask = torch.ones(1, 7, 11, dtype=torch.bool)
    assert downsample(mask, (2, 3), 4)[0].tolist() == [[1, 1, 1], [1, 1, 1]]
    mask = torch.ones(1, 6, 10, dtype=torch.bool)  # half of the middle is no majority
    assert downsample(mask, (2, 3), 4)[0].tolist() == [[1, 1, 0], [0, 0, 0]]
    assert downsample(mask[:0], (2, 3), 4).shape == (0, 2, 3)


def test_crop_keeps_a_cell_around_the_box():
    masks = torch.ones(1, 5, 7)
    cropped = crop_to_boxes(masks, torch.tensor([[2.0, 2.0, 4.0, 3.0]]))
    assert cropped[0].nonzero().amin(0).tolist() == [1, 1]
    assert cropped[0].nonzero().amax(0).tolist() == [3, 4]
    assert crop_to_boxes(masks, torch.tensor([[-9.0, -9, 99, 99]])).sum() == 35


def test_semantic_truth_is_the_union_of_a_class():
    """Logits that agree with it everywhere cost next to nothing."""
    found = objects([[0, 0, 16, 16], [8, 0, 32, 16]], [1, 1])
    logits = torch.full((1, 2, 8, 12), -20.0)
    logits[0, 1, :2, :4] = 20
    assert semantic_loss(logits, [found], 8).item() < 1e-6


@pytest.fixture
def model():
    torch.manual_seed(0)
    head = {"name": "yolact", "prototypes": 4, "width": 8, "scales": [16, 32, 48, 64, 80]}
    backbone = MODEL["backbone"] | {"pyramid": "yolact"}
    return build_model(MODEL | {"channels": 16, "head": head, "backbone": backbone}, 3)


def test_an_image_without_objects_trains(model):
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    labels = [objects([], []), objects([[10, 8, 50, 40]], [1])]
    losses, samples = model.head.losses(model.frames(images).pyramid, labels)
    assert set(samples.image.tolist()) == {1}
    sum(losses.values()).backward()
    nothing = model.image_losses(images, [labels[0]] * 2)
    assert {k for k, v in nothing.items() if v != 0} == {"loss_semantic"}
    sum(nothing.values()).backward()


@torch.no_grad()
def test_detections_do_not_depend_on_the_rest_of_the_batch(model):
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    both = model.eval().head.detect(model.frames(images).pyramid, [(64, 96)] * 2)
    alone = model.head.detect(model.frames(images[1:]).pyramid, [(64, 96)])[0]
    assert len(alone) == len(both[1]) > 0
    torch.testing.assert_close(both[1].scores, alone.scores)
    torch.testing.assert_close(both[1].pred_boxes.tensor, alone.pred_boxes.tensor)


@torch.no_grad()
def test_nothing_above_the_threshold_is_no_detection(model):
    model.head.test_settings["threshold"] = model.head.threshold = 1.0
    found = model.head.detect(model.frames(torch.zeros(1, 3, 64, 96)).pyramid, [(64, 96)])[0]
    assert len(found) == 0 and len(found.pred_masks) == 0
