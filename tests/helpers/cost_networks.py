"""Small networks whose cost is counted in tests."""

import torch
from torch import nn

from tpr.models.backbone import PyramidBackbone, build_resnet
from tpr.models.fcos import FCOS
from tpr.routing import CPR, DACR, Frame, TemporalPyramidRouting

LEVELS = ("p3", "p4", "p5", "p6", "p7")
SIZES = ((12, 16), (6, 8), (3, 4), (2, 2), (1, 1))


class Detector(nn.Module):
    """R50-FPN with FCOS, its full width."""

    def __init__(self):
        super().__init__()
        self.backbone = PyramidBackbone(build_resnet([3, 4, 6, 3]), 256)
        self.fcos = FCOS(256, 40)

    def forward(self, image):
        out = self.fcos(list(self.backbone(image).values()))
        return (*out.logits, *out.sides, *out.centerness)


class Routing(nn.Module):
    """TPR on tensors, as tracers need it."""

    def __init__(self, channels=8):
        super().__init__()
        torch.manual_seed(0)
        self.temporal = TemporalPyramidRouting(DACR(channels), CPR(channels, scale_init=0.1))

    def forward(self, *levels):
        query, reference = levels[:5], levels[5:]
        frames = (Frame(dict(zip(LEVELS, x, strict=True))) for x in (query, reference))
        return tuple(self.temporal(*frames).values())


def pyramids(channels=8):
    """Query and reference levels."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(1, channels, *s, generator=generator) for s in (*SIZES, *SIZES)]
