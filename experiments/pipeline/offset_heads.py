"""Heads that predict where to sample the reference: the paper's, the release's, and one with a
local correlation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from baselines.matched import Matching
from experiments.pipeline.offset_pairs import OffsetPairs
from tpr.routing.norm import group_norm
from tpr.routing.taps import TapConv

LINEAR, HIDDEN, MATCHING = "linear", "hidden layer", "local correlation"
PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)  # ridge penalties over the mean of the diagonal
TAPS = 9


class HiddenHead(nn.Module):
    """The release's form: two 3x3 convolutions with a norm and a ReLU between them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2 * channels, channels, 3, padding=1, bias=False),
            group_norm(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 2, 3, padding=1, bias=False),
        )

    def forward(self, query: Tensor, reference: Tensor) -> Tensor:
        """(N, C, H, W) twice -> displacement (N, 2, H, W)."""
        return self.layers(torch.cat([reference, query], 1))


class LinearHead(nn.Module):
    """The paper's form, Eq. 4: one 3x3 convolution of both frames, fitted in closed form."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)  # (2, 2C, 3, 3)

    def forward(self, query: Tensor, reference: Tensor) -> Tensor:
        return F.conv2d(torch.cat([reference, query], 1), self.weight, padding=1)


class LearnedHeads(nn.Module):
    """The heads that are trained by gradient descent, side by side; they share no parameter."""

    def __init__(self, channels: int, matching: dict[str, int]) -> None:
        super().__init__()
        self.hidden = HiddenHead(channels)
        self.matching = Matching(2, **matching)

    def by_name(self) -> dict[str, nn.Module]:
        return {HIDDEN: self.hidden, MATCHING: self.matching}


def ridge(data: OffsetPairs) -> tuple[LinearHead, float]:
    """The linear head with the least squared error, and the penalty that was chosen.

    The penalty is the one of PENALTIES with the least error on the last fifth of the videos; then
    the head is fitted on all.
    """
    later = data.video >= int(0.8 * (int(data.video.max()) + 1))
    known, tested = products(data.rows(~later)), products(data.rows(later))
    penalty = min(PENALTIES, key=lambda one: squared_error(solve(known, one), tested))
    both = tuple(a + b for a, b in zip(known, tested, strict=True))
    channels = 2 * data.query.shape[1]
    weight = solve(both, penalty).T.reshape(2, channels, 3, 3).float()
    return LinearHead(weight), penalty


def products(data: OffsetPairs) -> tuple[Tensor, Tensor, Tensor]:
    """X'X, X'Y and Y'Y over objects' cells: X their 3x3 neighbourhoods, Y their displacements."""
    channels = 2 * data.query.shape[1] * TAPS
    xx, xy, yy = (torch.zeros(s, dtype=torch.float64) for s in ((channels,) * 2, (channels, 2), ()))
    for first in range(0, len(data.video), 64):
        some = data.rows(slice(first, first + 64))
        both = torch.cat([some.reference, some.query], 1)
        patches = F.unfold(both, 3, padding=1).permute(0, 2, 1)  # (N, HW, 2C * 9)
        inside = some.inside.flatten(1).bool()
        x, y = patches[inside].double(), some.moved.flatten(2).permute(0, 2, 1)[inside].double()
        xx, xy, yy = xx + x.T @ x, xy + x.T @ y, yy + (y**2).sum()
    return xx, xy, yy


def solve(known: tuple[Tensor, ...], penalty: float) -> Tensor:
    """(2C * 9, 2) weights."""
    xx, xy = known[:2]
    return torch.linalg.solve(xx + penalty * xx.diagonal().mean() * torch.eye(len(xx)).double(), xy)


def squared_error(weight: Tensor, tested: tuple[Tensor, ...]) -> float:
    xx, xy, yy = tested
    return float((weight * (xx @ weight)).sum() - 2 * (weight * xy).sum() + yy)


def dacr_offsets(head: LinearHead) -> TapConv:
    """Weights of Eq. 4's convolution with which all reference taps move as the head predicts, the
    query's not at all."""
    offsets = TapConv(head.weight.shape[1], 4 * TAPS, 3, bias=False)
    nn.init.zeros_(offsets.weight)
    offsets.weight.data[: 2 * TAPS] = head.weight.data.flip(0).repeat(TAPS, 1, 1, 1)
    return offsets


def matched_offsets(head: Matching, matching: dict[str, int]) -> Matching:
    """As `dacr_offsets`, the weights of `MatchedDACR`."""
    offsets = Matching(4 * TAPS, **matching)
    offsets.hidden.load_state_dict(head.hidden.state_dict())
    weight, bias = head.offset.weight.data, head.offset.bias
    assert bias is not None and offsets.offset.bias is not None
    offsets.offset.weight.data[: 2 * TAPS] = weight.flip(0).repeat(TAPS, 1, 1, 1)
    offsets.offset.bias.data[: 2 * TAPS] = bias.data.flip(0).repeat(TAPS)
    return offsets
