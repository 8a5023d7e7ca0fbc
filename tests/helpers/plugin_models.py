"""Small detectron2 models and inputs for the tests of the plug-in."""

import torch
from detectron2.config import get_cfg
from detectron2.modeling import META_ARCH_REGISTRY, build_backbone
from detectron2.structures import BitMasks, Boxes, ImageList, Instances
from torch import nn

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


def play(model: nn.Module, seeds: list[int], video: object, **more: list) -> list[torch.Tensor]:
    """Frames one by one through a model: P3 of each. more: of the inputs, a value a frame."""
    found = []
    for i, seed in enumerate(seeds):
        entry = {"image": image(seed)} | {name: values[i] for name, values in more.items()}
        with torch.no_grad():
            model([entry if video is None else entry | {"video_id": video}])
        found.append(model.backbone.previous.pyramid["p3"])
    return found


def stirred(model: nn.Module) -> nn.Module:
    """With a module that changes features by far: it starts next to none."""
    with torch.no_grad():
        for p in model.backbone.temporal.parameters():
            p.add_(0.05 * torch.randn_like(p))
    return model
