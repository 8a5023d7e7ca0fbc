"""BlendMask against AdelaiDet's outputs on a small model with 64 channels and 40 classes."""

import json

import numpy as np
import pytest
import torch
from detectron2.structures import BitMasks, Boxes, Instances

from tests.helpers.parity import ROOT, arrays, state, tensor, unpacked
from tpr.models.build import build_model
from tpr.weights.conversion.adelaidet import ADELAIDET
from tpr.weights.conversion.convert import convert

SPEC = {
    "backbone": {
        "depths": [3, 4, 6, 3],
        "stem_channels": 8,
        "res2_channels": 16,
        "p6_from": "p5",
    },
    "channels": 64,
    "head": {"name": "blendmask", "fcos": {"use_scale": False}, "basis": {"width": 32}},
    "track": {},
    "temporal": None,
    "pixel_std": [1.0, 1.0, 1.0],
    "budget_weight": 0.0,
}
LEVELS = ("p3", "p4", "p5", "p6", "p7")


@pytest.fixture
def model():
    built = build_model(SPEC, 40)
    done = convert(state("blendmask_adet/state.npz"), built, ADELAIDET)
    assert not done.partial and all(k.startswith("track_head.") for k in done.fresh)
    assert all(k.startswith("basis_module.seg_head.") for k, _ in done.skipped)
    built.load_state_dict(done.state)
    return built


@pytest.fixture(scope="module")
def reference():
    return arrays("blendmask_adet/outputs.npz")


@pytest.fixture
def image(reference):
    return torch.from_numpy(reference["input/image"])[None].flip(1)


def close(actual, expected, tolerance):
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=tolerance)


@torch.no_grad()
def test_features_and_predictions(model, reference, image):
    model.eval()
    pyramid = model.frames(image).pyramid
    output = model.head.fcos(list(pyramid.values()))
    close(model.head.basis(pyramid), reference["eval/bases"], 1e-4)
    for i, level in enumerate(LEVELS):
        close(pyramid[level], reference[f"eval/{level}"], 1e-4)
        close(output.logits[i], reference[f"eval/logits_{level}"], 1e-4)
        close(output.sides[i], reference[f"eval/reg_{level}"], 1e-4)
        close(output.centerness[i], reference[f"eval/ctrness_{level}"], 1e-4)


@torch.no_grad()
@pytest.mark.parametrize(
    ("name", "settings"),
    [("nms", {}), ("top20", {"top_after": 20}), ("pre25", {"top_before": 25, "top_after": 1000})],
)
def test_detections(model, reference, image, name, settings):
    model.eval()
    model.head.test_settings.update(settings)
    found = model.head.detect(model.frames(image).pyramid, [(96, 160)])[0]
    order = np.argsort(-reference[f"eval/{name}_scores"], kind="stable")
    close(found.pred_boxes.tensor, reference[f"eval/{name}_boxes"][order], 1e-3)
    close(found.scores, reference[f"eval/{name}_scores"][order], 1e-5)
    assert (found.pred_classes.numpy() == reference[f"eval/{name}_classes"][order]).all()
    if name == "top20":
        close(found.pred_masks, reference["eval/top20_masks"][order], 1e-4)


@torch.no_grad()
def test_padding_comes_after_normalisation(model, reference, image):
    model.eval()
    close(model.frames(image[:, :, :90, :150]).pyramid["p3"], reference["eval_pad/p3"], 1e-4)


def test_losses_and_gradients(model, image):
    train = arrays("blendmask_adet/train.npz")
    expected = json.loads((ROOT / "blendmask_adet/train.json").read_text())
    truth = Instances((96, 160))
    truth.gt_boxes, truth.gt_classes = Boxes(tensor(train["boxes"])), tensor(train["classes"])
    truth.gt_masks = BitMasks(torch.from_numpy(unpacked(train["masks_packed"], 160)))
    losses = model.train().image_losses(image, [truth])
    for name, value in losses.items():
        assert value.item() == pytest.approx(expected["losses"][name], rel=1e-4)
    sum(losses.values()).backward()
    for key in ("top_layer.bias", "proposal_generator.fcos_head.bbox_pred.weight"):
        gradient = train[f"grad/{key}"]
        ours = model.get_parameter(ADELAIDET.rule(key).target).grad
        close(ours, gradient, 1e-3 * np.abs(gradient).max())


def test_full_size_parameter_counts():
    """41.139 M and 60.079 M, measured on the TPR release's model (40 classes, P6 from res5)."""
    for depths, millions in (([3, 4, 6, 3], 41.139), ([3, 4, 23, 3], 60.079)):
        spec = SPEC | {
            "backbone": {"depths": depths},
            "channels": 256,
            "head": {"name": "blendmask"},
        }
        count = sum(p.numel() for p in build_model(spec, 40).parameters())
        assert count / 1e6 == pytest.approx(millions, abs=6e-4)
