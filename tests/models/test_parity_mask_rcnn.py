"""Our Mask R-CNN against detectron2's, built from its configuration, both narrow."""

import pytest
import torch
from detectron2.config import get_cfg
from detectron2.modeling import build_model as build_detectron2
from detectron2.structures import BitMasks, Boxes, Instances
from detectron2.utils.events import EventStorage

from tpr.models.build import build_model
from tpr.models.masks import video_masks
from tpr.weights.conversion import SOURCES
from tpr.weights.conversion.convert import convert

SPEC = {
    "backbone": {
        "depths": [3, 4, 6, 3],
        "stem_channels": 8,
        "res2_channels": 16,
        "pyramid": "p2-p6",
    },
    "channels": 16,
    "head": {
        "name": "masktrack",
        "fc_width": 32,
        "mask_width": 8,
        "rpn_batch": 256,
        "proposals": 300,
        "roi_batch": 64,
        "threshold": 0.0,
        "top_before": 100,
        "top_after": 20,
    },
    "track": {"name": "box", "embedding": 16},
    "temporal": None,
    "pixel_std": [1.0, 1.0, 1.0],
    "budget_weight": 0.0,
}
SIZE = (90, 150)


def reference_model():
    """detectron2's configs/COCO-InstanceSegmentation/mask_rcnn_R_50_FPN, narrow."""
    cfg = get_cfg()
    model = cfg.MODEL
    model.DEVICE, model.MASK_ON = "cpu", True
    model.BACKBONE.NAME = "build_resnet_fpn_backbone"
    model.RESNETS.OUT_FEATURES = ["res2", "res3", "res4", "res5"]
    model.RESNETS.STEM_OUT_CHANNELS, model.RESNETS.RES2_OUT_CHANNELS = 8, 16
    model.RESNETS.WIDTH_PER_GROUP = 4
    model.FPN.IN_FEATURES, model.FPN.OUT_CHANNELS = ["res2", "res3", "res4", "res5"], 16
    model.ANCHOR_GENERATOR.SIZES = [[32], [64], [128], [256], [512]]
    model.ANCHOR_GENERATOR.ASPECT_RATIOS = [[0.5, 1.0, 2.0]]
    model.RPN.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
    model.RPN.PRE_NMS_TOPK_TRAIN = model.RPN.POST_NMS_TOPK_TRAIN = 300
    model.RPN.PRE_NMS_TOPK_TEST = model.RPN.POST_NMS_TOPK_TEST = 100
    heads = model.ROI_HEADS
    heads.NAME, heads.IN_FEATURES = "StandardROIHeads", ["p2", "p3", "p4", "p5"]
    heads.NUM_CLASSES, heads.BATCH_SIZE_PER_IMAGE, heads.SCORE_THRESH_TEST = 5, 64, 0.0
    box, mask = model.ROI_BOX_HEAD, model.ROI_MASK_HEAD
    box.NAME, box.NUM_FC, box.FC_DIM, box.POOLER_RESOLUTION = "FastRCNNConvFCHead", 2, 32, 7
    mask.NAME, mask.NUM_CONV, mask.CONV_DIM = "MaskRCNNConvUpsampleHead", 4, 8
    mask.POOLER_RESOLUTION = 14
    cfg.TEST.DETECTIONS_PER_IMAGE = 20
    return build_detectron2(cfg)


@pytest.fixture(scope="module")
def models():
    """The reference with random weights, spread so that detections differ, and ours with them."""
    torch.manual_seed(0)
    theirs, ours = reference_model(), build_model(SPEC, 5)
    for name, parameter in theirs.named_parameters():
        if "predictor" in name or "objectness" in name or "anchor_deltas" in name:
            torch.nn.init.normal_(parameter, std=0.05)
    for name, buffer in theirs.named_buffers():
        if name.endswith("norm.weight"):
            buffer.fill_(0.5)  # keeps features, and so rounding errors, small
    done = convert(theirs.state_dict(), ours, SOURCES["mask-rcnn"])
    assert not done.partial
    ours.load_state_dict(done.state)
    return theirs, ours


@pytest.fixture
def image():
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (3, *SIZE), generator=generator, dtype=torch.uint8)


@torch.no_grad()
def test_detections(models, image):
    theirs, ours = (model.eval() for model in models)
    video = (180, 300)
    expected = theirs([{"image": image.flip(0), "height": video[0], "width": video[1]}])[0]
    found = ours.head.detect(ours.frames(image[None]).pyramid, [SIZE])[0]
    expected = expected["instances"]
    assert len(found) == len(expected) > 10
    assert found.pred_classes.tolist() == expected.pred_classes.tolist()
    torch.testing.assert_close(found.scores, expected.scores, rtol=1e-4, atol=1e-6)
    scaled = Boxes(found.pred_boxes.tensor * 2)
    torch.testing.assert_close(scaled.tensor, expected.pred_boxes.tensor, rtol=0, atol=1e-2)
    differing = (video_masks(found, video) != expected.pred_masks).sum((1, 2))
    assert differing.max() <= 5


def test_losses(models, image):
    theirs, ours = (model.train() for model in models)
    truth = Instances(SIZE)
    truth.gt_boxes = Boxes(torch.tensor([[10.0, 12, 70, 80], [80, 30, 140, 75]]))
    truth.gt_classes = torch.tensor([3, 0])
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    masks[0, 12:80, 10:70], masks[1, 30:75, 80:140] = True, True
    truth.gt_masks = BitMasks(masks)
    torch.manual_seed(2)
    with EventStorage():
        expected = theirs([{"image": image.flip(0), "instances": truth}])
    torch.manual_seed(2)
    found = ours.image_losses(image[None], [truth])
    assert found.keys() == expected.keys()
    for name, value in found.items():
        assert value.item() == pytest.approx(expected[name].item(), rel=1e-4), name
