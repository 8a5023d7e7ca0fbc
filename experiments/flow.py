"""Pretraining of the optical-flow baseline's FlowNetS on the generated data's exact flow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.flow_warp import estimate_flow
from baselines.flownet import FLOW_UNIT, FlowNetS, flow_loss, load_public
from tpr.data.mini import flow
from tpr.data.youtube_vis import YouTubeVIS
from tpr.parts import Part
from tpr.totals import share
from tpr.train import Log, finish, optimise

from .files import sha256

VALIDATION = {"videos": 50, "pairs": 4, "reach": 1}  # each frame with a neighbour, as at test time


class FlowBatch(NamedTuple):
    """Float images (N, 3, H, W) and the flow between them (N, 2, H, W) in pixels."""

    first: Tensor
    second: Tensor
    flow: Tensor

    def to(self, device: torch.device) -> FlowBatch:
        return FlowBatch(*(x.to(device) for x in self))


class FlowPairs:
    """Frame pairs with their exact flow, all in memory; the same for the same arguments.

    generator: content of the data set's info.json; pairs: of each of the first `videos` videos, at
    most `reach` frames apart. first, second: (M, 3, H, W) uint8; flow: (M, 2, H, W), pixels.
    """

    def __init__(
        self,
        dataset: YouTubeVIS,
        generator: dict[str, Any],
        split: str,
        *,
        videos: int,
        pairs: int,
        reach: int,
        seed: int,
        log: Log | None = None,
    ) -> None:
        found: tuple[list, list, list] = ([], [], [])
        chosen = dataset.videos[:videos]
        for index, video in enumerate(chosen):
            frames = [dataset.read_frame(video, t) for t in range(video.length)]
            for t, other in draw_pairs(video.length, pairs, reach, [seed, index]):
                found[0].append(frames[t])
                found[1].append(frames[other])
                found[2].append(flow(generator, split, index, t, other=other).astype(np.float16))
            if log is not None and (index + 1) % 50 == 0:
                log.info(f"exact flow of {index + 1} of {len(chosen)} videos")
        arrays = [np.ascontiguousarray(np.stack(x).transpose(0, 3, 1, 2)) for x in found]
        self.first, self.second, self.flow = map(torch.from_numpy, arrays)

    def batch(self, index: np.ndarray, flip: bool = False) -> FlowBatch:
        """Some of the pairs, mirrored left to right or not."""
        chosen = torch.as_tensor(index)
        first, second, move = (x[chosen].float() for x in (self.first, self.second, self.flow))
        if flip:
            mirror = torch.tensor([-1.0, 1.0]).view(2, 1, 1)
            return FlowBatch(first.flip(3), second.flip(3), move.flip(3) * mirror)
        return FlowBatch(first, second, move)


def draw_pairs(length: int, pairs: int, reach: int, seed: list[int]) -> list[tuple[int, int]]:
    """(frame, other frame) at most `reach` apart, at random; none in videos of one frame."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(pairs if length > 1 else 0):
        t = int(rng.integers(length))
        near = [o for o in range(t - reach, t + reach + 1) if o != t and 0 <= o < length]
        drawn.append((t, int(rng.choice(near))))
    return drawn


def pretrain_flow(
    spec: dict[str, Any],
    generator: dict[str, Any],
    splits: dict[str, YouTubeVIS],
    out: Path,
    log: Log,
) -> dict[str, Any]:
    """Trains FlowNetS; writes out/weights.pt; reports errors on validation videos in pixels.

    spec: {"network": {"width", "reduction"}, "pairs": {"videos", "pairs", "reach"}, "train":
    settings of `optimise` and "batch_size", "flip", "seed"}; splits: "train" and "val".
    """
    seed, settings, reduction = spec["seed"], spec["train"], spec["network"]["reduction"]
    torch.manual_seed(seed)
    network = FlowNetS(spec["network"]["width"])
    data = FlowPairs(splits["train"], generator, "train", **spec["pairs"], seed=seed, log=log)

    def batches(iteration: int, part: Part) -> FlowBatch:
        rng = np.random.default_rng([seed, iteration])
        chosen = rng.integers(len(data.flow), size=settings["batch_size"])
        flip = rng.random() < settings["flip"]
        return data.batch(chosen[part.rows(len(chosen))], flip=flip)

    def losses(batch: FlowBatch) -> dict[str, Tensor]:
        flows, _ = estimate_flow(network, batch.first, batch.second, reduction)
        return {"loss_flow": share(len(batch.flow)) * flow_loss(flows, batch.flow / reduction)}

    metrics = optimise(network, batches, losses, settings, out, log, seed=seed)
    network.cpu()
    held_out = FlowPairs(splits["val"], generator, "val", **VALIDATION, seed=seed)
    metrics |= end_point_errors(network, held_out, reduction)
    finish(network, out)
    return metrics


def public_flownets(spec: dict[str, Any], folder: Path, out: Path) -> dict[str, Any]:
    """FlowNetS with public weights (see `load_public`) as out/weights.pt.

    spec: {"network": {"width"}, "weights": file name in `folder`; None: untrained weights}.
    """
    torch.manual_seed(0)
    network = FlowNetS(spec["network"]["width"])
    if spec["weights"] is None:
        finish(network, out)
        return {"weights": None}
    path = folder / spec["weights"]
    load_public(network, path)
    finish(network, out)
    return {"weights": spec["weights"], "sha256": sha256(path)}


@torch.no_grad()
def end_point_errors(network: FlowNetS, data: FlowPairs, reduction: int) -> dict[str, Any]:
    """Mean end-point error over all pixels in pixels, and what predicting no motion would give."""
    network.eval()
    error, zero = [], []
    for index in range(len(data.flow)):
        first, second, truth = data.batch(np.array([index]))
        found = FLOW_UNIT * reduction * estimate_flow(network, first, second, reduction)[0][0]
        found = F.interpolate(found, size=truth.shape[-2:], mode="bilinear", align_corners=False)
        error.append((found - truth).norm(dim=1).mean().item())
        zero.append(truth.norm(dim=1).mean().item())
    return {
        "end_point_error": float(np.mean(error)),
        "zero_flow_error": float(np.mean(zero)),
        "validation_pairs": len(error),
    }
