"""How much of the exact flow offset heads can predict from an image model's frozen features.

No detector is trained for it. The paper's head is linear in both frames, so it cannot compare them;
the fit measures how much of the motion it reaches even with the true motion as its target.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from experiments.pipeline.offset_heads import (
    LINEAR,
    LearnedHeads,
    dacr_offsets,
    matched_offsets,
    ridge,
)
from experiments.pipeline.offset_pairs import LEVEL, OffsetPairs, draw_pairs, offset_pairs
from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from tpr.data.youtube_vis import YouTubeVIS
from tpr.models.build import build_model
from tpr.parallel.distributed import device
from tpr.parallel.loss_counts import share
from tpr.probes.alignment import Alignment
from tpr.progress_log import Log
from tpr.training.loop import NEW_MODULES, optimise
from tpr.training.resumable import remove_states
from tpr.weights import checkpoint

# files in the stage's folder: initial weights of a module's offsets, by its name
STARTS = {"tpr": "dacr.pt", "matched": "matched.pt"}


def fit_offsets(
    spec: Spec, splits: dict[str, YouTubeVIS], weights: Path, out: Path, log: Log
) -> Record:
    """Fits the heads on training videos and reports their errors on validation videos, in cells of
    LEVEL.

    spec: {"model" without temporal module, "matching": options of `Matching`, "size", "videos",
    "held_out", "train": settings of `optimise`, "seed"}. Writes the files of STARTS to `out`.
    """
    torch.manual_seed(spec["seed"])
    model = build_model(spec["model"], len(splits["train"].categories))
    checkpoint.load_weights(model, weights, missing=NEW_MODULES)
    model.to(device()).to(memory_format=torch.channels_last).eval()
    log.info("features and exact flow of the videos")
    data = offset_pairs(model, splits["train"], spec["videos"], spec["size"])
    linear, penalty = ridge(data)
    heads = LearnedHeads(spec["model"]["channels"], spec["matching"])
    batches = partial(draw_pairs, data, spec["train"]["batch_size"], spec["seed"])
    optimise(heads, batches, partial(losses, heads), spec["train"], out, log, seed=spec["seed"])
    heads.cpu().eval()
    held_out = offset_pairs(model, splits["val"], spec["held_out"], spec["size"])
    found = {LINEAR: linear, **heads.by_name()}
    checkpoint.save_weights(dacr_offsets(linear), out / STARTS["tpr"])
    matched = matched_offsets(heads.matching, spec["matching"])
    checkpoint.save_weights(matched, out / STARTS["matched"])
    remove_states(out)
    return {
        "level": LEVEL,
        "pairs": len(data.video),
        "held_out_pairs": len(held_out.video),
        "penalty": penalty,
        "heads": {name: aligned(head, held_out) for name, head in found.items()},
    }


def losses(heads: LearnedHeads, batch: OffsetPairs) -> dict[str, Tensor]:
    """For each head the mean squared distance to the true displacement in objects' cells."""
    return {
        f"loss_{name.replace(' ', '_')}": share(len(batch.video)) * squared(head, batch)
        for name, head in heads.by_name().items()
    }


def squared(head: nn.Module, batch: OffsetPairs) -> Tensor:
    distance = (head(batch.query, batch.reference) - batch.moved).square().sum(1, keepdim=True)
    return (distance * batch.inside).sum() / batch.inside.sum().clamp(min=1)


@torch.no_grad()
def aligned(head: nn.Module, data: OffsetPairs) -> Record:
    """How much of the true displacements the head's predictions follow: see `Alignment`."""
    found = Alignment()
    for first in range(0, len(data.video), 64):
        some = data.rows(slice(first, first + 64))
        inside = some.inside.flatten(1).bool()
        both = (head(some.query, some.reference), some.moved)
        here, true = (x.flatten(2).permute(0, 2, 1)[inside].double().numpy() for x in both)
        found.add(here, true)
    return found.summary()
