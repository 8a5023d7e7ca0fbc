"""Inference of full-size BlendMask R50 at 640x360 with and without TPR, beside the arithmetic.

A frame costs what it does in tpr.inference after a video's first one, as far as networks go: pixels
to pyramid, TPR, all heads, NMS, masks of ten objects and their embeddings. Reading, tracking,
pasting masks into the image and encoding them are left out: they are the same with and without TPR,
and depend on the video. Weights are random, frames are smooth noise, shifted from one to the next;
the gates' biases are set so that the given share of the gated work is done (Eq. 8's count, borders
of the open regions included).

A line has, per case: fps_ratio, frames per second with TPR over those without; mac_ratio, what it
would be if time went with multiply-accumulates (of convolutions and matrix products, counted as
they are executed); excess, the latter over the former; limit, what fps_ratio would be if of TPR
only the kernels of convolutions and matrix products took time, limit_gathered, if only those and
the kernels did that gather what they multiply, limit_kernels, if only what touches data did: no
Python, no calls of torch, no views and no allocation; what is open, as share of the gated work and
of the gates' positions; seconds and multiply-accumulates of both.
"""

from __future__ import annotations

import copy
import statistics
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.timing import medians, report, setup
from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from tpr.cost.clip import untrained
from tpr.models.vis_model import VISModel
from tpr.routing import Frame, TemporalPyramidRouting, open_fraction
from tpr.routing.gates import SpatialGate
from tpr.routing.tables import Table

MANIFESTS = Path(__file__).parents[1] / "experiments" / "manifests"
SIZE, SHIFT = (360, 640), 8
CLASSES, OBJECTS = 40, 10
SHARES = (0.0, 0.1, 1.0)
PASSES, TOLERANCE = 20, 0.002
ROUNDS = 5
PRODUCTS = {"mkldnn_convolution", "_slow_conv2d_forward", "addmm", "mm", "bmm", "baddbmm"}
GATHERING = {"_embedding_bag_forward_only", "index_select"}
# They make views, allocate, or call others; that is what the profiler counts as their own time.
NO_DATA = {"view", "reshape", "permute", "as_strided", "_reshape_alias", "flatten", "expand", "t"}
NO_DATA |= {"transpose", "slice", "select", "split", "split_with_sizes", "squeeze", "unsqueeze"}
NO_DATA |= {"empty", "empty_strided", "empty_like", "new_empty", "resize_", "as_strided_", "to"}
NO_DATA |= {"_to_copy", "linear", "matmul", "layer_norm", "embedding_bag", "index", "pad", "clone"}
NO_DATA |= {"conv2d", "convolution", "_convolution", "relu", "relu_", "resolve_conj", "stack"}
LIMITS = {
    "limit": PRODUCTS.__contains__,
    "limit_gathered": (PRODUCTS | GATHERING).__contains__,
    "limit_kernels": lambda name: name not in NO_DATA,
}


def full_model() -> VISModel:
    """blendmask-r50+tpr of profile `full`, untrained."""
    manifests = load_manifests(MANIFESTS)
    stage = Graph(manifests.runs, manifests.profile("full")).evaluate("blendmask-r50+tpr", 0)
    return untrained(stage.spec["model"], CLASSES, OBJECTS)


def two_frames() -> tuple[Tensor, Tensor]:
    """uint8 (1, 3, H, W) each: smooth noise, and the same SHIFT pixels further."""
    h, w = SIZE
    noise = F.interpolate(torch.rand(1, 3, 9, 16), (h, w + SHIFT), mode="bicubic").clamp(0, 1)
    image = (255 * noise).byte()
    return image[..., :w], image[..., SHIFT:]


def open_gates(
    routing: TemporalPyramidRouting, query: Frame, reference: Frame, share: float
) -> None:
    """Sets the biases of all gates so that `share` of the gated work is done (`open_fraction`).

    Every pass sets each bias by a quantile of the gate's own values on all levels. As gates read
    what earlier gates let through, and bottlenecks work around their open positions too, passes
    are repeated, with a corrected quantile.
    """
    values: dict[nn.Module, list[Tensor]] = defaultdict(list)

    def note(conv: nn.Module, _: object, out: Tensor | Table) -> None:
        values[conv].append((out.rows if isinstance(out, Table) else out).flatten())

    gates = [module for module in routing.modules() if isinstance(module, SpatialGate)]
    hooks = [gate.conv.register_forward_hook(note) for gate in gates]
    positions = share
    for done in range(PASSES):
        values.clear()
        routing(query, reference)
        measured = open_fraction(routing.gates).item()
        if abs(measured - share) < TOLERANCE:
            break
        if done:
            positions *= share / max(measured, share / 2)
        for conv, outputs in values.items():
            conv.bias -= torch.cat(outputs).quantile(1 - min(positions, 1))
    for hook in hooks:
        hook.remove()


def infer(
    model: VISModel,
    images: Tensor,
    routing: nn.Module | None = None,
    reference: Frame | None = None,
) -> None:
    """One frame through the network."""
    frame = model.frames(images)
    if routing is not None:
        frame = Frame(routing(frame, reference), frame.image)
    model.detect(frame, SIZE)


def multiply_accumulates(function: partial) -> float:
    """Of one call, in convolutions and matrix products."""
    with FlopCounterMode(display=False) as counter:
        function()
    return counter.get_total_flops() / 2


def kernel_seconds(function: partial, *chosen: Callable[[str], bool]) -> list[float]:
    """Of one call, in the kernels of each choice by name; medians of ROUNDS."""
    rounds = []
    for _ in range(ROUNDS):
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            function()
        spent = {
            one.key.removeprefix("aten::"): one.self_cpu_time_total / 1e6
            for one in profiler.key_averages()
        }
        rounds.append([sum(spent[name] for name in filter(of, spent)) for of in chosen])
    return [statistics.median(of_choice) for of_choice in zip(*rounds, strict=True)]


@torch.no_grad()
def main() -> None:
    setup()
    model, (previous, images) = full_model(), two_frames()
    # Up to the pyramid the network is linear in the scale: features of about 1, as trained ones.
    model.pixel_std *= model.frames(images).pyramid["p3"].std()
    query, reference = model.frames(images), model.frames(previous)
    routings = {share: copy.deepcopy(model.temporal) for share in SHARES}
    functions = {"without": partial(infer, model, images)}
    for share, routing in routings.items():
        open_gates(routing, query, reference, share)
        functions[f"open={share:.2f}"] = partial(infer, model, images, routing, reference)
    macs = {name: multiply_accumulates(function) for name, function in functions.items()}
    seconds = medians(functions, ROUNDS)
    for share, routing in routings.items():
        case = f"open={share:.2f}"
        without = seconds["without"]
        fps_ratio, mac_ratio = without / seconds[case], macs["without"] / macs[case]
        alone = partial(routing, query, reference)
        kernels = kernel_seconds(alone, *LIMITS.values())
        positions = torch.cat([use.gate.flatten() for use in routing.gates])
        report(
            case,
            fps_ratio=fps_ratio,
            mac_ratio=mac_ratio,
            excess=mac_ratio / fps_ratio,
            **{k: without / (without + t) for k, t in zip(LIMITS, kernels, strict=True)},
            open_positions=(positions > 0).float().mean().item(),
            open_work=open_fraction(routing.gates).item(),
            seconds=seconds[case],
            seconds_without=without,
            gmacs=macs[case] / 1e9,
            gmacs_without=macs["without"] / 1e9,
        )


if __name__ == "__main__":
    main()
