"""SipMask-VIS's head against the public implementation's outputs (64 channels, 40 classes)."""

import json

import numpy as np
import pytest
import torch
from detectron2.structures import BitMasks, Boxes, Instances

from tests.helpers.parity import ROOT, arrays, state, tensor, unpacked
from tpr.models.build import build_model
from tpr.models.fcos_targets import assign_targets, level_locations
from tpr.models.masks import video_masks
from tpr.models.quadrants import quadrant_masks, quadrants
from tpr.models.sipmask import MASK_STRIDE, SipMask
from tpr.models.tracking import Tracker, match_loss
from tpr.weights.conversion.convert import convert
from tpr.weights.conversion.sipmask_vis import SIPMASK_VIS

SPEC = {
    "backbone": {"depths": [1, 1, 1, 1], "stem_channels": 4, "res2_channels": 4},
    "channels": 64,
    "head": {"name": "sipmask"},
    "track": {},
    "temporal": None,
    "pixel_std": [1.0, 1.0, 1.0],
    "budget_weight": 0.0,
}
LEVELS = ("p3", "p4", "p5", "p6", "p7")
SIZE = (96, 160)


@pytest.fixture(scope="module")
def reference():
    return arrays("sipmask/outputs.npz")


def ours(key):
    """Our name of a parameter of the reference's head."""
    return SIPMASK_VIS.rule("bbox_head." + key).target


@pytest.fixture
def model():
    """The backbone is of no account: the reference outputs begin at the pyramid."""
    built = build_model(SPEC, 40)
    loaded = {"bbox_head." + k: v for k, v in state("sipmask/state.npz").items()}
    done = convert(loaded, built, SIPMASK_VIS)
    assert not done.skipped and all(k.startswith("backbone.") for k, _ in done.missing)
    built.load_state_dict(done.state)
    return built.eval()


def pyramid(reference, frame):
    return {p: tensor(reference[f"input/frame{frame}_{p}_f16"]) for p in LEVELS}


def close(actual, expected, tolerance=1e-4):
    """Within the tolerance, relative to the largest value."""
    scale = max(np.abs(expected).max(), 1e-30)
    np.testing.assert_allclose(actual.detach().numpy() / scale, expected / scale, atol=tolerance)


@torch.no_grad()
def test_predictions(model, reference):
    output = model.head(pyramid(reference, 0))
    for i, p in enumerate(LEVELS):
        close(output.logits[i], reference[f"fwd/cls_{p}"])
        close(output.sides[i], reference[f"fwd/reg_{p}"])
        close(output.centerness[i], reference[f"fwd/ctr_{p}"])
        close(output.coefficients[i], reference[f"fwd/cof_{p}"])
    close(output.bases[:, :, ::2, ::2], reference["fwd/feat_masks_s2"])
    close(model.track_head(pyramid(reference, 0))[:, :, ::2, ::2], reference["fwd/track_s2"])


@torch.no_grad()
def test_feature_alignment(model, reference):
    before = tensor(reference["fwd/p4_cls_tower_before_align"])
    aligned = model.head.align(before, tensor(reference["fwd/p4_bbox_unscaled"]))
    close(aligned, reference["fwd/p4_cls_tower_after_align"])


def test_quadrants_are_the_kernels(reference):
    data, boxes = tensor(reference["crop_split/data"]), tensor(reference["crop_split/rois"])
    quadrant, inside = quadrants(boxes, data.shape[1:3])
    chosen = data.permute(3, 0, 1, 2).gather(1, quadrant[:, None]).squeeze(1) * inside
    assert (chosen.permute(1, 2, 0).numpy() == reference["crop_split/out"]).all()
    whole = data[0].permute(2, 0, 1) * inside
    assert (whole.permute(1, 2, 0).numpy() == reference["crop_split/out_gt"]).all()


@torch.no_grad()
@pytest.mark.parametrize(("tag", "zoom"), [("norescale", 1), ("rescale0.5", 2)])
def test_detections_masks_and_ids_of_a_video(model, reference, tag, zoom):
    """The reference matches boxes in coordinates of the original image, with mmdet's IoU."""
    tracker = Tracker(extent=1.0)
    for t in range(3):
        features = pyramid(reference, t)
        (found,) = model.head.detect(features, [SIZE])
        expected = {k.split("/")[-1]: v for k, v in reference.items() if f"{tag}/frame{t}/" in k}
        boxes = found.pred_boxes.tensor * zoom
        np.testing.assert_allclose(boxes.numpy(), expected["bboxes5"][:, :4], atol=0.02)
        close(found.scores, expected["bboxes5"][:, 4])
        assert (found.pred_classes.numpy() == expected["labels"]).all()
        masks = video_masks(found, (SIZE[0] * zoom, SIZE[1] * zoom)).numpy()
        wrong = masks ^ unpacked(expected["masks_packed"], masks.shape[2])
        assert wrong.sum((1, 2)).max() <= 10
        if t == 0:
            close(found.pred_masks[:2].probabilities, expected["crop_masks_first2"])
        (embeddings,) = model.track_head.embeddings(features, [found.pred_boxes.tensor])
        ids = tracker.step(boxes, found.scores, found.pred_classes, embeddings)
        assert ids.tolist() == expected["obj_ids"].tolist()


@pytest.fixture
def truth(reference):
    found = Instances(SIZE)
    found.gt_boxes = Boxes(tensor(reference["train/gt_boxes"]))
    found.gt_classes = tensor(reference["train/gt_labels_1based"]) - 1
    found.gt_masks = BitMasks(torch.from_numpy(unpacked(reference["train/gt_masks_packed"], 160)))
    return found


def test_losses_and_gradients(model, reference, truth):
    """The gradients' norms of all parameters; the reference's boxes are not jittered here."""
    head, track = model.head, model.track_head
    losses, samples = head.losses(pyramid(reference, 0), [truth])
    boxes, pids = tensor(reference["train/ref_boxes"]), tensor(reference["train/gt_pids"])
    query = track.embeddings(pyramid(reference, 0), [samples.boxes])
    known = track.embeddings(pyramid(reference, 1), [boxes])
    losses["loss_match"] = match_loss(query, known, [pids[samples.instance]])
    for name, value in losses.items():
        assert value.item() == pytest.approx(float(reference[f"train/{name}"]), rel=1e-4), name
    sum(losses.values()).backward()
    norms = json.loads((ROOT / "sipmask/grad_l2.json").read_text())
    for key, expected in norms.items():
        name, _, element = ours(key).partition("[")
        gradient = model.get_parameter(name).grad
        found = gradient[int(element[:-1])] if element else gradient
        assert found.norm().item() == pytest.approx(expected, rel=1e-3), key


def test_targets(reference):
    """mmdet's: targets in pixels, areas with one more pixel a side. The second image is the third
    of AdelaiDet's fixture, whose empty second one mmdet cannot take."""
    truth = arrays("fcos_targets/outputs.npz")
    instances = []
    for i in (0, 2):
        image = Instances(SIZE)
        image.gt_boxes = Boxes(tensor(truth[f"gt/boxes_{i}"]))
        image.gt_classes = tensor(truth[f"gt/classes_{i}"])
        instances.append(image)
    strides = (8, 16, 32, 64, 128)
    sizes = [(12, 20), (6, 10), (3, 5), (2, 3), (1, 2)]
    device = torch.device("cpu")
    points = [level_locations(s, k, device) for s, k in zip(sizes, strides, strict=True)]
    found = assign_targets(points, strides, (64, 128, 256, 512), instances, 40, 1.5, extent=1.0)
    labels, first = reference["targets/labels"], len(instances[0])
    expected = np.where(labels == 0, 40, labels - 1)
    assert (found.labels.numpy() == expected).all()
    positive = found.labels != 40
    pixels = found.sides * torch.tensor(strides)[found.level][:, None]
    assert (pixels[positive].numpy() == reference["targets/bbox_targets"][positive]).all()
    for i in range(2):
        here = positive & (found.image == i)
        ours = found.instance[here] - i * first
        assert ours.tolist() == reference[f"targets/gt_inds_{i}"].tolist()


def test_a_smaller_box_may_be_the_larger_one_with_mmdets_extent():
    """20 x 2 against 7 x 6: 40 < 42 pixels, but 21 x 3 > 8 x 7 with one more pixel a side."""
    image = Instances((32, 32))
    image.gt_boxes = Boxes(torch.tensor([[2.0, 11, 22, 13], [8.0, 9, 15, 15]]))
    image.gt_classes = torch.tensor([0, 1])
    points = [torch.tensor([[12.0, 12.0]])]
    labels = [assign_targets(points, (8,), (), [image], 2, 1.5, e).labels for e in (0.0, 1.0)]
    assert [x.tolist() for x in labels] == [[0], [1]]


def test_masks_are_zero_outside_of_their_box_and_take_each_quadrants_coefficients():
    bases = torch.ones(1, 4, 6)
    coefficients = torch.tensor([[10.0, -10.0, -10.0, 10.0]])
    masks = quadrant_masks(bases, coefficients, torch.tensor([[1.0, 0.0, 5.0, 4.0]])) > 0.5
    assert masks[0].int().tolist() == [
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 0],
    ]


def test_an_image_without_objects_has_finite_losses_and_no_samples():
    head = SipMask(32, 3, bases=4)
    features = {p: torch.randn(1, 32, 2 ** (4 - i), 2 ** (4 - i)) for i, p in enumerate(LEVELS)}
    empty = Instances((128, 128))
    empty.gt_boxes, empty.gt_classes = Boxes(torch.zeros(0, 4)), torch.zeros(0, dtype=torch.long)
    empty.gt_masks = BitMasks(torch.zeros(0, 128, 128, dtype=torch.bool))
    losses, samples = head.losses(features, [empty])
    assert len(samples.boxes) == 0
    assert losses["loss_bbox"] == losses["loss_centerness"] == losses["loss_mask"] == 0
    sum(losses.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in head.parameters())


def test_a_detectors_silence_is_an_empty_result():
    head = SipMask(32, 3, bases=4, threshold=0.99).eval()
    features = {p: torch.zeros(2, 32, 2 ** (4 - i), 2 ** (4 - i)) for i, p in enumerate(LEVELS)}
    found = head.detect(features, [(120, 128)] * 2)
    assert [len(x) for x in found] == [0, 0]
    assert video_masks(found[0], (60, 64)).shape == (0, 60, 64)
    assert found[0].pred_masks.probabilities.shape[1:] == (128 // MASK_STRIDE, 128 // MASK_STRIDE)


def test_images_of_a_batch_do_not_mix(model, reference, truth):
    """Mask loss and samples of two images are those of each; the same for detections."""
    other = truth[[1]]  # one object fewer
    alone = [pyramid(reference, 0), pyramid(reference, 1)]
    both = {p: torch.cat([x[p] for x in alone]) for p in LEVELS}
    losses, samples = model.head.losses(both, [truth, other])
    first, second = (model.head.losses(x, [t]) for x, t in zip(alone, (truth, other), strict=True))
    mean = (first[0]["loss_mask"] + second[0]["loss_mask"]) / 2
    assert losses["loss_mask"].item() == pytest.approx(mean.item(), rel=1e-5)
    for i, (_, expected) in enumerate((first, second)):
        here = samples.image == i
        torch.testing.assert_close(samples.boxes[here], expected.boxes, rtol=1e-5, atol=1e-3)
        assert samples.instance[here].tolist() == expected.instance.tolist()
    found = model.head.detect(both, [SIZE, SIZE])
    for i in range(2):
        (expected,) = model.head.detect(alone[i], [SIZE])
        assert found[i].pred_classes.tolist() == expected.pred_classes.tolist()
        torch.testing.assert_close(found[i].scores, expected.scores, rtol=1e-4, atol=1e-6)
