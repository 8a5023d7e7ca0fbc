"""Frame pairs of generated videos with their exact flow; the windows that FlowNetS learns from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from experiments.stages.key import Spec
from tpr.data.mini import flow
from tpr.data.youtube_vis import YouTubeVIS
from tpr.progress_log import Log


class FlowPair(NamedTuple):
    """Images (3, H, W) or (N, 3, H, W), float; flow (2, H, W) or (N, 2, H, W), pixels."""

    first: Tensor
    second: Tensor
    flow: Tensor

    def to(self, device: torch.device) -> FlowPair:
        return FlowPair(*(x.to(device) for x in self))


class FlowPairs:
    """Frame pairs with their exact flow, all in memory; the same for the same arguments.

    generator: content of the data set's info.json; pairs: number from each of the first `videos`
    videos, whose two frames are at most `reach` frames apart. frames: (F, 3, H, W) uint8; pairs:
    (M, 2), indices of frames; flow: (M, 2, H, W), pixels.
    """

    def __init__(
        self,
        dataset: YouTubeVIS,
        generator: Spec,
        split: str,
        *,
        videos: int,
        pairs: int,
        reach: int,
        seed: int,
        log: Log | None = None,
    ) -> None:
        frames, drawn, moves = [], [], []
        chosen = dataset.videos[:videos]
        for index, video in enumerate(chosen):
            start = len(frames)
            frames += [dataset.read_frame(video, t) for t in range(video.length)]
            for t, other in draw_pairs(video.length, pairs, reach, [seed, index]):
                drawn.append((start + t, start + other))
                moves.append(flow(generator, split, index, t, other=other).astype(np.float16))
            if log is not None and (index + 1) % 50 == 0:
                log.info(f"exact flow of {index + 1} of {len(chosen)} videos")
        self.pairs = torch.tensor(drawn)
        self.frames, self.flow = (
            torch.from_numpy(np.ascontiguousarray(np.stack(x).transpose(0, 3, 1, 2)))
            for x in (frames, moves)
        )

    def batch(self, index: np.ndarray) -> FlowPair:
        """Float images and flow of some pairs."""
        chosen = torch.as_tensor(index)
        here, there = self.pairs[chosen].T
        images = (self.frames[here].float(), self.frames[there].float())
        return FlowPair(*images, self.flow[chosen].float())


def draw_pairs(length: int, pairs: int, reach: int, seed: list[int]) -> list[tuple[int, int]]:
    """(frame, other frame) at most `reach` apart, at random; none in videos of one frame."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(pairs if length > 1 else 0):
        t = int(rng.integers(length))
        near = [o for o in range(t - reach, t + reach + 1) if o != t and 0 <= o < length]
        drawn.append((t, int(rng.choice(near))))
    return drawn


def draw_batch(data: FlowPairs, settings: Spec, rng: np.random.Generator) -> FlowPair:
    """Views of `batch_size` random pairs; settings: as `view` takes them, and "batch_size"."""
    index = rng.integers(len(data.flow), size=settings["batch_size"])
    pairs = map(FlowPair._make, zip(*data.batch(index), strict=True))
    views = [view(pair, settings, rng) for pair in pairs]
    return FlowPair(*map(torch.stack, zip(*views, strict=True)))


def view(pair: FlowPair, settings: Spec, rng: np.random.Generator) -> FlowPair:
    """One window of both frames, or two windows of the first, whose flow is then their
    displacement.

    From frame pairs alone FlowNetS first learns to predict no flow, and is slow to leave that: most
    of the motion is small, and a third of the frames are degraded. Shifted windows teach it to
    compare. settings: "margin", pixels by which windows are smaller than frames; "shifted", the
    share of pairs that show one frame; "flip", the share that is mirrored, in either direction.
    """
    first, second, move = pair
    margin = settings["margin"]
    here = there = rng.integers(margin + 1, size=2)
    if rng.random() < settings["shifted"]:
        step = rng.normal(0, margin / 4, 2).round().astype(int)
        there = np.clip(here + step, 0, margin)
        second, move = first, torch.zeros_like(move)
    dy, dx = (here - there).tolist()
    pair = FlowPair(
        window(first, here, margin),
        window(second, there, margin),
        window(move, here, margin) + torch.tensor([dx, dy]).view(2, 1, 1),
    )
    for axis in (0, 1):
        if rng.random() < settings["flip"]:
            pair = mirrored(pair, axis)
    return pair


def window(x: Tensor, corner: np.ndarray, margin: int) -> Tensor:
    """(C, H, W) -> (C, H - margin, W - margin), from row and column `corner` on."""
    (row, column), (h, w) = corner.tolist(), x.shape[-2:]
    return x[:, row : row + h - margin, column : column + w - margin]


def mirrored(pair: FlowPair, axis: int) -> FlowPair:
    """A pair mirrored left to right (axis 0, which negates the flow's dx) or upside down (axis 1,
    dy)."""
    first, second, move = (x.flip(2 - axis) for x in pair)
    sign = torch.ones(2, 1, 1)
    sign[axis] = -1
    return FlowPair(first, second, sign * move)
