"""Mask R-CNN's head on small maps, and how TPR attaches to its pyramid."""

import pytest
import torch
from detectron2.structures import BitMasks, Boxes, Instances
from torchvision.ops import box_iou

from tests.helpers.tiny import MODEL
from tpr.models.build import build_model
from tpr.models.masktrack import LEVELS, BoxTrackHead
from tpr.routing import Frame

SPEC = MODEL | {
    "channels": 16,
    "backbone": MODEL["backbone"] | {"pyramid": "p2-p6"},
    "head": {"name": "masktrack", "fc_width": 16, "mask_width": 8, "mask_depth": 1},
    "track": {"name": "box", "embedding": 8},
}


@pytest.fixture
def model():
    torch.manual_seed(0)
    return build_model(SPEC, 3)


def truth(boxes, size=(64, 96)):
    found = Instances(size)
    masks = torch.zeros(len(boxes), *size, dtype=torch.bool)
    for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
        mask[top:bottom, left:right] = True
    found.gt_boxes = Boxes(torch.tensor(boxes, dtype=torch.float32).view(-1, 4))
    found.gt_classes = torch.zeros(len(boxes), dtype=torch.long)
    found.gt_ids = torch.arange(len(boxes))
    found.gt_masks = BitMasks(masks)
    return found


def test_tpr_routes_all_five_levels_and_p6_gets_dacr_only(model):
    """Rows of 3, 2, 1 and 1 cells start at P2, P3, P4 and P5; every level has its DACR gates."""
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    query, reference = (model.frames(x) for x in (images, images.flip(0)))
    refined = model.refine(query, reference)
    assert tuple(refined.pyramid) == tuple(query.pyramid) == LEVELS
    for name in LEVELS:
        assert refined.pyramid[name].shape == query.pyramid[name].shape
        assert not torch.equal(refined.pyramid[name], query.pyramid[name])
    cells = {f"row{row}.{depth}" for row, deep in enumerate((3, 2, 1, 1)) for depth in range(deep)}
    by_level = {name: [x.name for x in model.gates if x.level == name] for name in LEVELS}
    bottlenecks = {
        name: {x.removesuffix(".bottleneck") for x in found if x.endswith(".bottleneck")}
        for name, found in by_level.items()
    }
    for i, name in enumerate(LEVELS):
        assert bottlenecks[name] == {x for x in cells if int(x[3]) <= i}
        assert any(not x.startswith("row") for x in by_level[name])


def test_recursion_hands_p2_to_p6_on(model):
    """The refined pyramid is the next frame's reference, level by level."""
    model.eval()
    images = torch.randint(0, 256, (3, 3, 64, 96), dtype=torch.uint8)
    with torch.no_grad():
        frames = [model.frames(image[None]) for image in images]
        second = model.refine(frames[1], frames[0])
        third = model.refine(frames[2], second)
        changed = Frame(second.pyramid | {"p2": second.pyramid["p2"] + 1}, second.image)
        other = model.refine(frames[2], changed)
    assert (third.pyramid["p2"] - other.pyramid["p2"]).abs().max() > 0
    # what p2 says reaches the coarser levels through the cells that start there
    assert (third.pyramid["p3"] - other.pyramid["p3"]).abs().max() > 0


def test_an_image_without_objects_trains(model):
    """And its proposals are no samples of the tracking head."""
    images = torch.randint(0, 256, (2, 3, 64, 96), dtype=torch.uint8)
    labels = [truth([]), truth([(10, 8, 50, 40), (60, 20, 90, 60)])]
    losses, samples = model.train().head.losses(model.frames(images).pyramid, labels)
    sum(losses.values()).backward()
    assert all(x.isfinite() for x in losses.values())
    assert set(samples.image.tolist()) == {1} and set(samples.instance.tolist()) == {0, 1}
    nothing = model.losses(images, [truth([])] * 2, images, [truth([])] * 2)
    assert nothing["loss_match"] == 0 and nothing["loss_mask"] == 0
    sum(nothing.values()).backward()


def test_samples_are_positive_proposals_of_their_instance(model):
    """All overlap the object that they are of by half, and are trained without gradient."""
    torch.manual_seed(1)
    images = torch.randint(0, 256, (1, 3, 64, 96), dtype=torch.uint8)
    labels = truth([(10, 8, 50, 40), (60, 20, 90, 60)])
    _, samples = model.train().head.losses(model.frames(images).pyramid, [labels])
    overlap = box_iou(samples.boxes, labels.gt_boxes.tensor)
    chosen = overlap[torch.arange(len(overlap)), samples.instance]
    assert (chosen >= 0.5).all() and not samples.boxes.requires_grad


def test_embeddings_come_back_image_by_image():
    """An image without boxes has none; boxes of one image do not see the other's features."""
    torch.manual_seed(0)
    head = BoxTrackHead(4, embedding=3)
    pyramid = {name: torch.randn(3, 4, 32 >> i, 48 >> i) for i, name in enumerate(LEVELS)}
    boxes = [
        torch.tensor([[0.0, 0, 50, 60]]),
        torch.zeros(0, 4),
        torch.tensor([[9.0, 9, 90, 80]] * 2),
    ]
    found = head.embeddings(pyramid, boxes)
    assert [tuple(x.shape) for x in found] == [(1, 3), (0, 3), (2, 3)]
    alone = head.embeddings({k: x[2:] for k, x in pyramid.items()}, boxes[2:])
    torch.testing.assert_close(found[2], alone[0])
