"""FCOS target assignment and losses against AdelaiDet's (3 images, one of them empty)."""

import numpy as np
import pytest
import torch
from detectron2.structures import Boxes, Instances

from tests.helpers.parity import arrays, tensor
from tpr.models.fcos import FCOS, FCOSOutput
from tpr.models.fcos_targets import assign_targets, level_locations

SIZES, STRIDES = [(12, 20), (6, 10), (3, 5), (2, 3), (1, 2)], (8, 16, 32, 64, 128)


@pytest.fixture(scope="module")
def reference():
    return arrays("fcos_targets/outputs.npz")


@pytest.fixture(scope="module")
def truth(reference):
    found = []
    for i in range(3):
        image = Instances((96, 160))
        image.gt_boxes = Boxes(tensor(reference[f"gt/boxes_{i}"]))
        image.gt_classes = tensor(reference[f"gt/classes_{i}"])
        found.append(image)
    return found


@pytest.mark.parametrize(("tag", "radius"), [("center1.5", 1.5), ("nocenter", None)])
def test_targets(reference, truth, tag, radius):
    points = [
        level_locations(s, k, torch.device("cpu")) for s, k in zip(SIZES, STRIDES, strict=True)
    ]
    found = assign_targets(points, STRIDES, (64, 128, 256, 512), truth, 40, radius)
    assert (torch.cat(points).numpy() == reference["locations"]).all()
    assert (found.labels.numpy() == reference[f"{tag}/labels"]).all()
    positive = found.labels != 40
    for ours, name in (
        (found.instance, "target_inds"),
        (found.image, "im_inds"),
        (found.level, "fpn_levels"),
    ):
        assert (ours[positive].numpy() == reference[f"{tag}/{name}"][positive.numpy()]).all()
    sides = reference[f"{tag}/reg_targets"][positive.numpy()]
    np.testing.assert_allclose(found.sides[positive].numpy(), sides, atol=1e-6)


@pytest.mark.parametrize(("tag", "radius"), [("center1.5", 1.5), ("nocenter", None)])
def test_losses(reference, truth, tag, radius):
    fcos = FCOS(8, 40, radius=radius)
    names = ("logits", "reg", "ctrness")
    levels = ("p3", "p4", "p5", "p6", "p7")
    maps = [
        [tensor(reference[f"pred/{n}_{k}{'_f16' if n == 'logits' else ''}"]) for k in levels]
        for n in names
    ]
    losses, _ = fcos.losses(FCOSOutput(*maps, tower=[]), truth)
    for name, value in losses.items():
        assert value.item() == pytest.approx(float(reference[f"{tag}/{name}"]), rel=1e-5)
