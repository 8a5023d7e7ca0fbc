"""Checks 2 to 4: a GPU computes what a CPU computes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from detectron2.structures import Instances
from torch import Tensor
from torchvision.ops import deform_conv2d

from experiments.gpu_check.bench import ONE_RUN_A_HEAD, Bench
from experiments.gpu_check.check import Found
from tpr.cost.clip import GateSetter
from tpr.devices.tf32 import exact_products
from tpr.models.vis_model import VISModel
from tpr.routing import Frame, execution
from tpr.routing.sampling import gathered_deform_conv

TOLERANCE = 1e-3  # of numbers around 1, in single precision
PIXELS = 0.05
OPEN = (0.0, 0.1, 0.5, 1.0)


def deformable(bench: Bench) -> Found:
    """torchvision's kernel against ours on the CPU: stride 2, four groups, modulated, gradients."""
    torch.manual_seed(0)
    x, offset = torch.randn(2, 32, 20, 28), 2 * torch.randn(2, 4 * 18, 10, 14)
    mask, weight = torch.rand(2, 4 * 9, 10, 14), torch.randn(16, 32, 3, 3) / 17
    upstream = torch.randn(2, 16, 10, 14)

    def with_gradients(convolve: Callable[..., Tensor], device: torch.device) -> list[Tensor]:
        leaves = [t.to(device).detach().requires_grad_() for t in (x, offset, mask, weight)]
        out = convolve(*leaves)
        out.backward(upstream.to(device))
        return [t.detach().cpu() for t in (out, *map(gradient, leaves))]

    def theirs(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
        return deform_conv2d(x, offset, weight, None, (2, 2), (1, 1), (1, 1), mask)

    def ours(x: Tensor, offset: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
        return gathered_deform_conv(x, offset, weight, mask, stride=2)

    with exact_products():
        found = with_gradients(theirs, bench.device)
        wanted = with_gradients(ours, torch.device("cpu"))
    return within([largest_difference(a, b) for a, b in zip(found, wanted, strict=True)])


def masked_is_dense(bench: Bench) -> Found:
    """TPR of one model executed masked and dense, with shares of its gates open."""
    model = bench.clip_model("blendmask-r50+tpr").to(bench.device)
    query, reference = (model_frame(bench, model, t) for t in (0, 1))
    differences = []
    with exact_products(), torch.no_grad():
        for share in OPEN:
            with GateSetter(model, share), execution("masked"):
                model.refine(query, reference)
            refined = []
            for way in ("masked", "dense"):
                with execution(way):
                    refined.append(model.refine(query, reference).pyramid)
            differences += [largest_difference(refined[0][k], refined[1][k]) for k in refined[0]]
    return within(differences)


def detections(bench: Bench) -> Found:
    """Detections of each head's model on the CPU and on the device, in single precision."""
    counts, worst = [], 0.0
    with exact_products(), torch.no_grad():
        for run in ONE_RUN_A_HEAD:
            model = bench.clip_model(run)
            here = detect(bench, model, torch.device("cpu"))
            there = detect(bench, model.to(bench.device), bench.device)
            counts.append((len(here), len(there)))
            if len(here) and len(there):
                worst = max(worst, farthest(here.pred_boxes.tensor, there.pred_boxes.tensor.cpu()))
    same = all(a == b for a, b in counts)
    text = f"{', '.join(f'{a}/{b}' for a, b in counts)} objects, boxes at most {worst:.2g} px apart"
    return Found(text, same and worst < PIXELS, {"pixels": worst})


def detect(bench: Bench, model: VISModel, device: torch.device) -> Instances:
    """A second frame's detections, refined with the first."""
    first, second = (model_frame(bench, model, t, device) for t in (0, 1))
    assert second.image is not None
    height, width = second.image.shape[-2:]
    return model.detect(model.refine(second, first), (height, width))[0]


def model_frame(bench: Bench, model: VISModel, t: int, device: torch.device | None = None) -> Frame:
    """Features of a frame of the first video."""
    picture = torch.from_numpy(bench.videos.read_frame(bench.videos.videos[0], t))
    images = picture.permute(2, 0, 1)[None].to(device or bench.device)
    with torch.no_grad():
        return model.frames(images)


def gradient(leaf: Tensor) -> Tensor:
    """Raises ValueError where none reached the tensor."""
    if leaf.grad is None:
        raise ValueError(f"no gradient of a tensor {tuple(leaf.shape)}")
    return leaf.grad


def largest_difference(a: Tensor, b: Tensor) -> float:
    """In units of b's largest value."""
    return float((a - b).abs().max() / b.abs().max().clamp(min=1e-12))


def farthest(a: Tensor, b: Tensor) -> float:
    """Boxes (N, 4) and (M, 4): the largest distance, in pixels, of a box of a to its nearest in b.

    Detections with nearly the same score may change places.
    """
    return float((a[:, None] - b[None]).abs().amax(2).amin(1).max())


def within(differences: list[float]) -> Found:
    worst = max(differences)
    return Found(f"{worst:.1e}", worst < TOLERANCE, {"largest": worst})
