"""TPR behind detectron2's own Mask R-CNN, by yacs and lazy config, and a user's own model."""

from pathlib import Path

import detectron2
import pytest
import torch
from detectron2.config import LazyCall, LazyConfig, instantiate
from detectron2.modeling import build_backbone, build_model
from detectron2.utils.events import EventStorage
from torch import nn

from tests.helpers.plugin_models import image, small, training_input
from tpr.detectron2_plugin import TemporalBackbone, follow, tpr_behind, use_tpr


@pytest.fixture(scope="module")
def mask_rcnn():
    torch.manual_seed(0)
    return follow(build_model(use_tpr(small())))


def test_mask_rcnn_trains_with_references(mask_rcnn):
    with EventStorage():
        losses = mask_rcnn.train()([training_input() | {"reference": image(1)}])
        alone = mask_rcnn([training_input()])
    assert {"loss_cls", "loss_mask", "loss_rpn_cls", "loss_budget"} <= losses.keys()
    sum(losses.values()).backward()
    gradients = [p.grad for p in mask_rcnn.backbone.temporal.parameters()]
    assert sum(g is not None and bool(g.any()) for g in gradients) > len(gradients) / 2
    assert "loss_budget" not in alone


def test_a_video_is_routed_on_and_another_one_begins_anew(mask_rcnn):
    mask_rcnn.eval()

    def pyramid(seed: int, video: int | None) -> torch.Tensor:
        with torch.no_grad():
            mask_rcnn([{"image": image(seed)} | ({} if video is None else {"video_id": video})])
        return mask_rcnn.backbone.previous.pyramid["p3"]

    first, second = pyramid(0, video=1), pyramid(2, video=1)
    assert mask_rcnn.backbone.refined
    other = pyramid(2, video=2)
    assert not mask_rcnn.backbone.refined and not torch.equal(second, other)
    torch.testing.assert_close(pyramid(2, None), other)
    torch.testing.assert_close(pyramid(0, None), first)


def test_weights_of_the_plain_model_load(mask_rcnn):
    plain = build_backbone(small())
    holder = nn.ModuleDict({"backbone": tpr_behind(build_backbone(small()))})
    state = {f"backbone.{key}": value for key, value in plain.state_dict().items()}
    found = holder.load_state_dict(state, strict=False)
    assert not found.unexpected_keys
    assert all(key.startswith("backbone.temporal.") for key in found.missing_keys)
    loaded = holder["backbone"].backbone.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in plain.state_dict().items())
    holder.load_state_dict(holder.state_dict())


def test_a_lazy_config_takes_one_line():
    configs = Path(detectron2.__file__).parent / "model_zoo" / "configs"
    cfg = LazyConfig.load(str(configs / "common/models/mask_rcnn_fpn.py"))
    cfg.model.backbone.bottom_up.stages.depth = 18
    cfg.model.backbone.bottom_up.stages.pop("stride_in_1x1")  # a bottleneck's option
    cfg.model.backbone.out_channels = 16
    cfg.model.backbone = LazyCall(tpr_behind)(backbone=cfg.model.backbone, rows=(2, 1))
    backbone = instantiate(cfg.model.backbone)
    assert isinstance(backbone, TemporalBackbone)
    assert list(backbone.temporal.levels) == ["p2", "p3", "p4", "p5", "p6"]
    assert backbone.size_divisibility == 32


def test_a_users_own_meta_architecture():
    torch.manual_seed(0)
    model = follow(build_model(use_tpr(small("MeanBrightness"))))
    with_reference = model([{"image": image(0), "reference": image(1)}])
    assert set(with_reference) == {*(f"loss_p{i}" for i in range(2, 7)), "loss_budget"}
    alone = model([{"image": image(0)}])
    assert alone["loss_p3"] != with_reference["loss_p3"]


def test_a_frozen_backbone_takes_references_too(mask_rcnn):
    mask_rcnn.train().backbone.eval()
    with EventStorage():
        losses = mask_rcnn([training_input() | {"reference": image(1)}])
    assert mask_rcnn.backbone.refined and "loss_budget" in losses


def test_unfit_backbones_and_inputs_are_named(mask_rcnn):
    with pytest.raises(ValueError, match="no TemporalBackbone"):
        follow(nn.Linear(1, 1))
    mask_rcnn.train()
    with pytest.raises(ValueError, match="some training inputs have a reference"):
        mask_rcnn([training_input() | {"reference": image(1)}, training_input()])
    with pytest.raises(ValueError, match="a frame and its reference have one size"):
        mask_rcnn([training_input() | {"reference": image(1)[:, :, :32]}])
