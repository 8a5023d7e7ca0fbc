"""TPR behind detectron2's own Mask R-CNN, by yacs and lazy config, and a user's own model."""

from pathlib import Path

import detectron2
import pytest
import torch
from detectron2.config import LazyCall, LazyConfig, get_cfg, instantiate
from detectron2.modeling import META_ARCH_REGISTRY, build_backbone, build_model
from detectron2.structures import BitMasks, Boxes, ImageList, Instances
from detectron2.utils.events import EventStorage
from torch import nn

from tpr.detectron2_plugin import TemporalBackbone, follow, tpr_behind, use_tpr

SIZE = (64, 96)


def small(architecture: str = "GeneralizedRCNN"):
    """Mask R-CNN with a ResNet-18-FPN of 16 channels."""
    cfg = get_cfg()
    cfg.MODEL.DEVICE = "cpu"
    cfg.MODEL.META_ARCHITECTURE = architecture
    cfg.MODEL.MASK_ON = True
    cfg.MODEL.BACKBONE.NAME = "build_resnet_fpn_backbone"
    cfg.MODEL.RESNETS.DEPTH, cfg.MODEL.RESNETS.RES2_OUT_CHANNELS = 18, 64
    cfg.MODEL.RESNETS.OUT_FEATURES = ["res2", "res3", "res4", "res5"]
    cfg.MODEL.FPN.IN_FEATURES, cfg.MODEL.FPN.OUT_CHANNELS = cfg.MODEL.RESNETS.OUT_FEATURES, 16
    cfg.MODEL.RPN.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
    cfg.MODEL.ANCHOR_GENERATOR.SIZES = [[8], [16], [32], [64], [128]]
    cfg.MODEL.ROI_HEADS.NAME, cfg.MODEL.ROI_HEADS.NUM_CLASSES = "StandardROIHeads", 3
    cfg.MODEL.ROI_HEADS.IN_FEATURES = ["p2", "p3", "p4", "p5"]
    cfg.MODEL.ROI_BOX_HEAD.NAME, cfg.MODEL.ROI_BOX_HEAD.NUM_FC = "FastRCNNConvFCHead", 1
    cfg.MODEL.ROI_BOX_HEAD.FC_DIM = 16
    cfg.MODEL.ROI_MASK_HEAD.NAME = "MaskRCNNConvUpsampleHead"
    cfg.MODEL.ROI_MASK_HEAD.NUM_CONV, cfg.MODEL.ROI_MASK_HEAD.CONV_DIM = 1, 16
    return cfg


def image(seed: int) -> torch.Tensor:
    return torch.randint(0, 256, (3, *SIZE), generator=torch.Generator().manual_seed(seed)).byte()


def training_input() -> dict:
    truth = Instances(SIZE)
    truth.gt_boxes = Boxes(torch.tensor([[10.0, 10.0, 50.0, 40.0]]))
    truth.gt_classes = torch.tensor([1])
    masks = torch.zeros(1, *SIZE, dtype=torch.bool)
    masks[:, 10:40, 10:50] = True
    truth.gt_masks = BitMasks(masks)
    return {"image": image(0), "instances": truth}


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


@META_ARCH_REGISTRY.register()
class MeanBrightness(nn.Module):
    """A user's own meta-architecture: the mean of every level."""

    def __init__(self, cfg):
        super().__init__()
        self.backbone = build_backbone(cfg)

    def preprocess_image(self, batch):
        images = [entry["image"].float() / 255 for entry in batch]
        return ImageList.from_tensors(images, self.backbone.size_divisibility)

    def forward(self, batch):
        pyramid = self.backbone(self.preprocess_image(batch).tensor)
        means = {f"loss_{name}": x.mean() for name, x in pyramid.items()}
        return means if self.training else [means]


def test_a_users_own_meta_architecture():
    torch.manual_seed(0)
    model = follow(build_model(use_tpr(small("MeanBrightness"))))
    with_reference = model([{"image": image(0), "reference": image(1)}])
    assert set(with_reference) == {*(f"loss_p{i}" for i in range(2, 7)), "loss_budget"}
    alone = model([{"image": image(0)}])
    assert alone["loss_p3"] != with_reference["loss_p3"]


def test_unfit_backbones_and_inputs_are_named(mask_rcnn):
    with pytest.raises(ValueError, match="no TemporalBackbone"):
        follow(nn.Linear(1, 1))
    mask_rcnn.train()
    with pytest.raises(ValueError, match="some training inputs have a reference"):
        mask_rcnn([training_input() | {"reference": image(1)}, training_input()])
    with pytest.raises(ValueError, match="a frame and its reference have one size"):
        mask_rcnn([training_input() | {"reference": image(1)[:, :, :32]}])
