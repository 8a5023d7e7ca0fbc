"""An iteration of training on `mini` with our deformable convolution and with torchvision's.

Forward and backward of blendmask-r50+tpr on one batch, with one thread, as the profile trains.
`ratio` is the time with torchvision's op over that with ours.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor
from torchvision.ops import deform_conv2d

from benchmarks.routing_overhead import MANIFESTS
from benchmarks.timing import medians, report, setup
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from tpr.data.loader import PairBatch
from tpr.data.mini import generate
from tpr.data.prepared import open_split
from tpr.models.build import build_model
from tpr.models.vis_model import VISModel
from tpr.routing import sampling
from tpr.training.loop import freeze, training_data

RUN, VIDEOS, ROUNDS = "blendmask-r50+tpr", 4, 15
THREADS = 1  # as the profile: two processes of one thread each


def torchvision_op(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    mask: Tensor | None = None,
    bias: Tensor | None = None,
    stride: int = 1,
) -> Tensor:
    """In place of `gathered_deform_conv`."""
    return deform_conv2d(x, offset, weight, bias, stride, weight.shape[-1] // 2, 1, mask)


def model_and_batch() -> tuple[VISModel, PairBatch]:
    """The run as `mini` trains it, from untrained weights, and a batch of a few new videos."""
    manifests = load_manifests(MANIFESTS)
    profile = manifests.profile("mini")
    spec = Graph(manifests.runs, profile).train(RUN, 0).spec
    assert "videos" in profile.data
    split = profile.data["videos"]["train"] | {"videos": VIDEOS}
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        generate(data, {"train": split}, seed=0)
        dataset = open_split(data, "train")
        batch = training_data(dataset, spec).pairs(0)
    model = build_model(spec["model"], len(dataset.categories))
    freeze(model, spec["train"]["freeze"])
    return model.to(memory_format=torch.channels_last).train(), batch


def iterate(model: VISModel, batch: PairBatch) -> None:
    model.zero_grad()
    sum(model.losses(*batch.query, *batch.reference).values()).backward()


def iterate_with_torchvision(model: VISModel, batch: PairBatch) -> None:
    with mock.patch.object(sampling, "gathered_deform_conv", torchvision_op):
        iterate(model, batch)


def main() -> None:
    setup()
    torch.set_num_threads(THREADS)
    model, batch = model_and_batch()
    functions = {"torchvision": iterate_with_torchvision, "ours": iterate}
    functions = {name: partial(function, model, batch) for name, function in functions.items()}
    seconds = medians(functions, ROUNDS)
    report(f"{RUN} on mini", ratio=seconds["torchvision"] / seconds["ours"], **seconds)


if __name__ == "__main__":
    main()
