"""The plug-in in each of detectron2's meta-architectures on a pyramid."""

import pytest
import torch
from detectron2.layers import ShapeSpec
from detectron2.modeling import build_backbone, build_model
from detectron2.modeling.meta_arch.fcos import FCOS, FCOSHead
from detectron2.utils.events import EventStorage

from tests.helpers.plugin_models import SIZE, image, play, small, stirred, training_input
from tpr.detectron2_plugin import follow, tpr_behind, use_tpr

LEVELS = ["p3", "p4", "p5", "p6", "p7"]


def retinanet_config():
    cfg = small("RetinaNet")
    cfg.MODEL.BACKBONE.NAME = "build_retinanet_resnet_fpn_backbone"
    cfg.MODEL.FPN.IN_FEATURES = ["res3", "res4", "res5"]
    cfg.MODEL.RETINANET.IN_FEATURES, cfg.MODEL.RETINANET.NUM_CLASSES = LEVELS, 3
    cfg.MODEL.RETINANET.NUM_CONVS = 1
    return cfg


def retinanet():
    return build_model(use_tpr(retinanet_config()))


def panoptic():
    cfg = small("PanopticFPN")
    cfg.MODEL.SEM_SEG_HEAD.CONVS_DIM, cfg.MODEL.SEM_SEG_HEAD.NUM_CLASSES = 32, 3
    return build_model(use_tpr(cfg))


def semantic():
    cfg = small("SemanticSegmentor")
    cfg.MODEL.SEM_SEG_HEAD.CONVS_DIM, cfg.MODEL.SEM_SEG_HEAD.NUM_CLASSES = 32, 3
    return build_model(use_tpr(cfg))


def proposals():
    return build_model(use_tpr(small("ProposalNetwork")))


def fcos():
    backbone = tpr_behind(build_backbone(retinanet_config()))
    head = FCOSHead(input_shape=[ShapeSpec(channels=16)] * 5, conv_dims=[16], num_classes=3)
    return follow(
        FCOS(
            backbone=backbone,
            head=head,
            num_classes=3,
            pixel_mean=(0.0, 0.0, 0.0),
            pixel_std=(255.0, 255.0, 255.0),
        )
    )


@pytest.mark.parametrize("make", [retinanet, fcos, panoptic, semantic, proposals])
def test_a_model_trains_with_and_without_references_and_follows_videos(make):
    torch.manual_seed(0)
    model = stirred(make()).train()
    example = training_input() | {"sem_seg": torch.zeros(SIZE, dtype=torch.long)}
    with EventStorage():
        losses = model([example | {"reference": image(1)}])
        alone = model([example])
    assert "loss_budget" in losses and "loss_budget" not in alone
    sum(losses.values()).backward()
    assert all(p.grad is not None for p in model.backbone.temporal.parameters())
    model.eval()
    first, second = play(model, [0, 1], "a")
    assert model.backbone.refined
    (single,) = play(model, [1], None)
    assert not torch.equal(second, single) and torch.equal(play(model, [0], "b")[0], first)
