"""The temporal module as a CUDA graph: one launch for each frame instead of some 1400.

A graph replays what it recorded: the same kernels, for tensors of the same sizes at the same
addresses. So each size of frames is recorded when it first comes, and frames are copied in and out.
Execution is dense, as masked execution asks the GPU for the number of open gates. What cannot be
recorded raises an error; nothing falls back to running without a graph.

Written without a GPU at hand: the tests replace the recording itself, which nobody has run yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from tpr.models.vis_model import VISModel
from tpr.routing import Frame, GateUse, Pyramid, execution, execution_on

WARM_UP = 3  # calls, in which libraries choose kernels and allocate what they keep


class Recorded(NamedTuple):
    """A recording for frames of one size: its inputs and outputs, and what computes these anew."""

    query: Frame
    reference: Frame
    pyramid: Pyramid
    gates: list[GateUse]
    replay: Callable[[], None]


class GraphedTemporal(nn.Module):
    """A temporal module at test time that records its work once for each size and replays it.

    `gates` holds those of the latest call and is overwritten by the next one of the same size.
    """

    def __init__(self, temporal: nn.Module) -> None:
        super().__init__()
        self.temporal = temporal
        self.gates: list[GateUse] = []
        self.recorded: dict[tuple[torch.Size, ...], Recorded] = {}

    def forward(self, query: Frame, reference: Frame) -> Pyramid:
        """As the module's own. Raises ValueError where execution is chosen to be masked, or where
        gradients are wanted."""
        inputs = tensors(query) + tensors(reference)
        if torch.is_grad_enabled():
            raise ValueError("a CUDA graph records no gradients: call it inside torch.no_grad()")
        if execution_on(inputs[0].device) == "masked":
            raise ValueError("a CUDA graph cannot be masked: choose dense execution, or no graph")
        sizes = tuple(x.shape for x in inputs)
        if sizes not in self.recorded:
            self.recorded[sizes] = record(self.temporal, copied(query), copied(reference))
        one = self.recorded[sizes]
        for held, new in zip(tensors(one.query) + tensors(one.reference), inputs, strict=True):
            held.copy_(new)
        one.replay()
        self.gates = one.gates
        return {name: x.clone() for name, x in one.pyramid.items()}


def use_cuda_graph(model: VISModel) -> None:
    """Makes the model's temporal module a graphed one; a model without one stays as it is.

    Raises ValueError if the model is not on a GPU.
    """
    where = model.pixel_mean.device
    if where.type != "cuda":
        raise ValueError(f"a CUDA graph needs a GPU; the model is on {where}")
    if model.temporal is not None:
        model.temporal = GraphedTemporal(model.temporal)


def record(temporal: nn.Module, query: Frame, reference: Frame) -> Recorded:
    """Records a call of the module; query and reference stay the recording's inputs."""
    with execution("dense"):
        pyramid, replay = capture(lambda: temporal(query, reference))
    return Recorded(query, reference, pyramid, list(getattr(temporal, "gates", [])), replay)


def capture(call: Callable[[], Pyramid]) -> tuple[Pyramid, Callable[[], None]]:
    """A call's result, and what computes it again in place from the same inputs' new values."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(WARM_UP):
            call()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = call()
    return result, graph.replay


def tensors(frame: Frame) -> list[torch.Tensor]:
    """All that a module may read of a frame."""
    return [*frame.pyramid.values(), *([] if frame.image is None else [frame.image])]


def copied(frame: Frame) -> Frame:
    """The frame in memory of its own."""
    image = None if frame.image is None else frame.image.clone()
    return Frame({name: x.clone() for name, x in frame.pyramid.items()}, image)
