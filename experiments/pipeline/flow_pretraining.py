"""Pretraining of the optical-flow baseline's FlowNetS on the generated data's exact flow."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.flow_warp import estimate_flow
from baselines.flownet import FlowNetS, flow_loss, load_public
from experiments.pipeline.flow_pairs import FlowPair, FlowPairs, draw_batch
from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from tpr.data.youtube_vis import YouTubeVIS
from tpr.files import sha256
from tpr.parallel.batch_parts import Part
from tpr.parallel.loss_counts import share
from tpr.progress_log import Log
from tpr.training.loop import finish, optimise

# each frame with a neighbour, as at test time
VALIDATION: Spec = {"videos": 50, "pairs": 4, "reach": 1}


def pretrain_flow(
    spec: Spec,
    generator: Spec,
    splits: dict[str, YouTubeVIS],
    out: Path,
    log: Log,
) -> Record:
    """Trains FlowNetS; writes out/weights.pt; reports errors on validation videos in pixels.

    spec: {"network": {"width", "reduction", "unit"}, "pairs": {"videos", "pairs", "reach"},
    "train": settings of `optimise` and `draw_batch`, "seed"}; splits: "train" and "val".
    """
    seed, settings, reduction = spec["seed"], spec["train"], spec["network"]["reduction"]
    torch.manual_seed(seed)
    network = flow_network(spec["network"])
    data = FlowPairs(splits["train"], generator, "train", **spec["pairs"], seed=seed, log=log)

    batches = partial(part_of_batch, data, settings, seed)

    def losses(batch: FlowPair) -> dict[str, Tensor]:
        flows, _ = estimate_flow(network, batch.first, batch.second, reduction)
        loss = flow_loss(flows, batch.flow / reduction) / network.unit
        return {"loss_flow": share(len(batch.flow)) * loss}

    metrics = optimise(network, batches, losses, settings, out, log, seed=seed)
    network.cpu()
    held_out = FlowPairs(splits["val"], generator, "val", **VALIDATION, seed=seed)
    metrics |= end_point_errors(network, held_out, reduction)
    finish(network, out)
    return metrics


def part_of_batch(
    data: FlowPairs, settings: Spec, seed: int, iteration: int, part: Part
) -> FlowPair:
    whole = draw_batch(data, settings, np.random.default_rng([seed, iteration]))
    return FlowPair(*(x[part.rows(len(x))] for x in whole))


def flow_network(options: Spec) -> FlowNetS:
    """FlowNetS by the options of the module that uses it."""
    return FlowNetS(**{k: v for k, v in options.items() if k != "reduction"})


def public_flownets(spec: Spec, folder: Path, out: Path) -> Record:
    """FlowNetS with public weights (see `load_public`) as out/weights.pt.

    spec: {"network": as above, "weights": file name in `folder`; None: untrained weights}.
    """
    torch.manual_seed(0)
    network = flow_network(spec["network"])
    if spec["weights"] is None:
        finish(network, out)
        return {"weights": None}
    path = folder / spec["weights"]
    load_public(network, path)
    finish(network, out)
    return {"weights": spec["weights"], "sha256": sha256(path)}


@torch.no_grad()
def end_point_errors(network: FlowNetS, data: FlowPairs, reduction: int) -> Record:
    """Mean end-point error over all pixels in pixels, and what predicting no motion would give."""
    network.eval()
    error, zero = [], []
    for index in range(len(data.flow)):
        first, second, truth = data.batch(np.array([index]))
        found = reduction * estimate_flow(network, first, second, reduction)[0][0]
        found = F.interpolate(found, size=truth.shape[-2:], mode="bilinear", align_corners=False)
        error.append((found - truth).norm(dim=1).mean().item())
        zero.append(truth.norm(dim=1).mean().item())
    return {
        "end_point_error": float(np.mean(error)),
        "zero_flow_error": float(np.mean(zero)),
        "validation_pairs": len(error),
    }
