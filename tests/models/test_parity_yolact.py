"""YOLACT against the public implementation on a small model with 32 channels and 40 classes."""

import json

import numpy as np
import pytest
import torch
from detectron2.structures import BitMasks, Boxes, Instances

from tests.helpers.parity import ROOT, arrays, state, tensor, unpacked
from tpr.models.build import build_model
from tpr.models.masks import video_masks
from tpr.models.yolact_targets import decode_offsets, encode_boxes, match_anchors
from tpr.weights.conversion import YOLACT
from tpr.weights.conversion.convert import convert

SPEC = {
    "backbone": {
        "depths": [2, 1, 1, 1],
        "stem_channels": 8,
        "res2_channels": 16,
        "stride_in_1x1": False,
        "pyramid": "yolact",
    },
    "channels": 32,
    "head": {"name": "yolact", "width": 32, "max_size": 160, "top_after": 20},
    "track": {},
    "temporal": None,
    "pixel_std": [58.40, 57.12, 57.38],
    "budget_weight": 0.0,
}
MEAN = (123.68, 116.78, 103.94)
LEVELS = ("p3", "p4", "p5", "p6", "p7")
SIZE = torch.tensor([160.0, 96.0, 160.0, 96.0])  # the reference's boxes are relative


def renamed(key):
    return YOLACT.rule(key).target


@pytest.fixture
def model():
    built = build_model(SPEC, 40)
    built.pixel_mean.copy_(torch.tensor(MEAN).view(3, 1, 1))
    done = convert(state("yolact/state.npz"), built, YOLACT)
    assert not done.partial
    built.load_state_dict(done.state)
    return built


@pytest.fixture(scope="module")
def reference():
    return arrays("yolact/outputs.npz")


@pytest.fixture
def image(reference):
    return torch.from_numpy(reference["input/image_bgr_u8"])[None].flip(1)


@pytest.fixture
def truth(reference):
    found = Instances((96, 160))
    targets = tensor(reference["train/targets"])
    found.gt_boxes, found.gt_classes = Boxes(targets[:, :4] * SIZE), targets[:, 4].long()
    found.gt_masks = BitMasks(torch.from_numpy(unpacked(reference["train/masks_packed"], 160)))
    return found


def close(actual, expected, tolerance):
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=tolerance)


@torch.no_grad()
def test_pyramid_and_predictions(model, reference, image):
    pyramid = model.eval().frames(image).pyramid
    for level in LEVELS:
        close(pyramid[level], reference[f"eval/{level}"], 1e-4)
    found = model.head(pyramid)
    close(found.offsets, reference["eval/loc"], 1e-4)
    close(found.logits.softmax(2), reference["eval/conf_softmax"], 1e-5)
    close(found.coefficients, reference["eval/mask_coef_tanh"], 1e-4)
    close(found.prototypes.permute(0, 2, 3, 1), reference["eval/proto"], 1e-4)
    close(found.anchors / SIZE, reference["eval/priors"], 1e-6)
    boxes = decode_offsets(found.offsets[0], found.anchors)
    close(boxes / SIZE, reference["eval/decoded"], 1e-4)


@torch.no_grad()
def test_detections(model, reference, image):
    found = model.eval().head.detect(model.frames(image).pyramid, [(96, 160)])[0]
    close(found.pred_boxes.tensor / SIZE, reference["det/box"], 1e-4)
    close(found.scores, reference["det/score"], 1e-5)
    assert found.pred_classes.tolist() == reference["det/class"].tolist()
    cropped = reference["post/soft_masks_cropped_first4"].transpose(2, 0, 1)
    close(found.pred_masks.probabilities[:4], cropped, 1e-4)
    masks = video_masks(found, (144, 240)).numpy()
    expected = unpacked(reference["post/masks_packed"], 240)
    assert ((masks != expected).sum((1, 2)) <= 5).all()


def test_targets(model, reference, truth):
    anchors = model.head(model.frames(torch.zeros(1, 3, 96, 160)).pyramid).anchors
    targets = match_anchors(anchors, [truth])
    assert targets.labels.tolist() == reference["train/conf_t"].tolist()
    assert targets.instance.tolist() == reference["train/idx_t"].tolist()
    positive = targets.labels[0] > 0
    boxes = truth.gt_boxes.tensor[targets.instance[0, positive]]
    close(encode_boxes(boxes, anchors[positive]), reference["train/loc_t_pos"], 1e-4)


def test_losses_and_gradients(model, reference, image, truth):
    losses = model.train().image_losses(image, [truth])
    names = {"loss_box": "B", "loss_mask": "M", "loss_cls": "C", "loss_semantic": "S"}
    for ours, theirs in names.items():
        assert losses[ours].item() == pytest.approx(float(reference[f"train/loss_{theirs}"]), 1e-4)
    sum(losses.values()).backward()
    expected = json.loads((ROOT / "yolact/grad_l2.json").read_text())
    parameters = dict(model.named_parameters())
    for key, norm in expected.items():
        if norm is not None:  # frozen norms have none
            gradient = parameters[renamed(key)].grad
            assert gradient.norm().item() == pytest.approx(norm, rel=1e-3, abs=1e-6), key


def test_the_mask_loss_of_a_sample_stands_for_all_positive_anchors(model, image, truth):
    """One mask of an image: nine anchors to choose from, and on average the loss of all nine."""
    model.head.masks_to_train = 1
    torch.manual_seed(0)
    pyramid = model.train().frames(image).pyramid
    losses = torch.stack([model.head.losses(pyramid, [truth])[0]["loss_mask"] for _ in range(200)])
    model.head.masks_to_train = 100
    whole = model.head.losses(pyramid, [truth])[0]["loss_mask"]
    assert losses.unique().numel() == 9
    assert losses.unique().mean().item() == pytest.approx(whole.item(), rel=1e-4)
