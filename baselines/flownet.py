"""FlowNetS [20]: optical flow from two images.

The original (FlowNet, Sec. 3 and its Caffe model): both images concatenated, ten convolutions down
to stride 64, then an expanding part that predicts flow at strides 64, 32, 16, 8 and 4, each
prediction upsampled into the next, in units of 20 pixels. Layers are named as in the common PyTorch
port (ClementPinard/FlowNetPytorch), so its weights load by name. Its convolutions of the expanding
part have no biases, those of the Caffe model have; that is 0.003 % of 38.68 M.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from tpr.weights import checkpoint

# name, outputs in multiples of the width, kernel, stride
ENCODER = (
    ("conv1", 1, 7, 2),
    ("conv2", 2, 5, 2),
    ("conv3", 4, 5, 2),
    ("conv3_1", 4, 3, 1),
    ("conv4", 8, 3, 2),
    ("conv4_1", 8, 3, 1),
    ("conv5", 8, 3, 2),
    ("conv5_1", 8, 3, 1),
    ("conv6", 16, 3, 2),
    ("conv6_1", 16, 3, 1),
)
DECODER = {5: 8, 4: 4, 3: 2, 2: 1}  # level (stride 2^level): outputs in multiples of the width
LOSS_WEIGHTS = (0.005, 0.01, 0.02, 0.08, 0.32)  # fine to coarse, as the original


class FlowNetS(nn.Module):
    """Optical flow from the first to the second image.

    width: channels of the first layer, 64 originally; unit: the pixels that a prediction of 1
    stands for, 20 originally. Small images need a small unit, as an optimiser's step changes
    predictions by the same fraction of it whatever the image size. `features`: the number of
    channels that the finest prediction is computed from.
    """

    def __init__(self, width: int = 64, unit: float = 20.0) -> None:
        super().__init__()
        self.unit = unit
        skips, channels = {}, 6
        for name, factor, kernel, stride in ENCODER:
            conv = nn.Conv2d(channels, factor * width, kernel, stride, kernel // 2)
            self.add_module(name, nn.Sequential(conv, nn.LeakyReLU(0.1)))
            channels = skips[level_of(name)] = factor * width
        self.predict_flow6 = flow_conv(channels)
        for level, factor in DECODER.items():
            deconv = nn.ConvTranspose2d(channels, factor * width, 4, 2, 1, bias=False)
            upsample = nn.ConvTranspose2d(2, 2, 4, 2, 1, bias=False)
            channels = skips[level] + factor * width + 2
            self.add_module(f"deconv{level}", nn.Sequential(deconv, nn.LeakyReLU(0.1)))
            self.add_module(f"upsampled_flow{level + 1}_to_{level}", upsample)
            self.add_module(f"predict_flow{level}", flow_conv(channels))
        self.features = channels
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, 0.1)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, pair: Tensor) -> tuple[list[Tensor], Tensor]:
        """(N, 6, H, W) -> flows (N, 2, h, w) at strides 4, 8, 16, 32, 64, and the finest features.

        Flows are (dx, dy) in pixels of the input, sizes rounded up.
        """
        skips, x = {}, pair
        for name, *_ in ENCODER:
            x = skips[level_of(name)] = self.get_submodule(name)(x)
        flows = [self.predict_flow6(x)]
        for level in DECODER:
            h, w = skips[level].shape[-2:]
            flow = self.get_submodule(f"upsampled_flow{level + 1}_to_{level}")(flows[0])
            up = self.get_submodule(f"deconv{level}")(x)
            x = torch.cat([skips[level], up[..., :h, :w], flow[..., :h, :w]], 1)
            flows.insert(0, self.get_submodule(f"predict_flow{level}")(x))
        return [self.unit * flow for flow in flows], x


def level_of(name: str) -> int:
    """The level in a layer's name: 4 for "conv4_1"."""
    return int(name.removeprefix("conv")[0])


def flow_conv(channels: int) -> nn.Conv2d:
    return nn.Conv2d(channels, 2, 3, padding=1, bias=False)


def flow_loss(flows: list[Tensor], truth: Tensor) -> Tensor:
    """The original's loss: end-point errors at all strides, each weighted and summed over its
    positions.

    flows: as FlowNetS gives them; truth: (N, 2, H, W); both in pixels of the input. Returns the
    mean over the images, a scalar.
    """
    total = truth.new_zeros(())
    for flow, weight in zip(flows, LOSS_WEIGHTS, strict=True):
        target = nn.functional.adaptive_avg_pool2d(truth, (flow.shape[-2], flow.shape[-1]))
        total = total + weight * (flow - target).norm(dim=1).sum((1, 2)).mean()
    return total


def load_public(network: FlowNetS, path: Path) -> None:
    """Loads weights of FlowNetPytorch's `flownets` (without batch norm) into the network.

    Raises FileNotFoundError, and ValueError for a file that is no checkpoint or whose keys or
    shapes are not the network's; the message names the first such key.
    """
    state = checkpoint.load_state(network, path)
    found = {k: v.shape for k, v in state.items()}
    own = {k: v.shape for k, v in network.state_dict().items()}
    wrong = [k for k in {**own, **found} if own.get(k) != found.get(k)]
    if wrong:
        raise ValueError(f"{path} is not FlowNetS of this width: {wrong[0]!r} does not fit")
    network.load_state_dict(state)
