"""The cost of a whole model for one frame at a given size, part by part, as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tpr.cost.conventions import MASKS, TEMPORAL, TRACKING
from tpr.cost.count import Count, count
from tpr.cost.heads import HeadCost, head_cost, track
from tpr.cost.operators import NORM
from tpr.models.build import build_model
from tpr.models.vis_model import VISModel
from tpr.routing import Frame, GateUse
from tpr.routing.norm import ActiveGroupNorm, PositionNorm


class OneFrame(nn.Module):
    """Everything that inference computes for one frame after a video's first."""

    def __init__(self, model: VISModel, detections: int) -> None:
        super().__init__()
        self.model, self.detections = model, detections

    def forward(self, image: Tensor, previous: Frame) -> None:
        """image: padded, (1, 3, H, W); previous: the previous frame."""
        frame = self.model.refine(Frame(self.model.backbone(image), image), previous)
        head = self.model.head
        head_cost(head).forward(head, frame.pyramid, self.detections)
        boxes = image.new_zeros(self.detections, 4)
        track(self.model.track_head, frame.pyramid, boxes)


def measure(
    spec: dict[str, Any],
    num_classes: int,
    size: tuple[int, int] = (360, 640),
    detections: int = 100,
    build: Callable[[dict[str, Any], int], VISModel] = build_model,
) -> dict[str, Any]:
    """Cost of a model spec (see tpr.models.build) for frames of `size` (H, W), gates open.

    detections: boxes a frame whose masks are computed; build(spec, num_classes): `build_model`, or
    one that knows further temporal modules. Nothing is allocated or computed: all of it
    happens on the meta device. Returns, for `conventions`: size, padded, classes, detections,
    params {part: parameters}, macs {part: {kind: multiply-accumulates}}, dead (parts), gated
    {level: Eq. 8's unit costs of everything gated}, gates (the same by kind of gate), gated_norm
    (the norms' share of it), unknown (operators without a formula). Raises ValueError for a head
    that has no cost function.
    """
    with torch.device("meta"):
        model = build(spec, num_classes).eval().requires_grad_(False)
        multiple = model.backbone.size_divisibility
        padded = tuple(side + -side % multiple for side in size)
        image = torch.empty(1, 3, *padded)
        previous = Frame(model.backbone(image), image)
        counted = count(OneFrame(model, detections), image, previous)
    parts = part_paths(model)
    return {
        "size": list(size),
        "padded": list(padded),
        "classes": num_classes,
        "detections": detections,
        "params": parameters(model, parts),
        "macs": multiply_accumulates(counted, parts),
        "dead": [*head_cost(model.head).dead, TRACKING],
        "gated": unit_costs(model, lambda use: use.level),
        "gates": unit_costs(model, lambda use: use.name.rsplit(".", 1)[-1]),
        "gated_norm": gated_norm(model, counted),
        "unknown": list(counted.unknown),
    }


def part_paths(model: VISModel) -> dict[str, tuple[str, ...]]:
    """Paths of the modules of every part; a module inside a nested part belongs to that part
    only."""
    head: HeadCost = head_cost(model.head)
    inside = [] if model.temporal is None else called_modules(model.temporal)
    return {
        "backbone": ("backbone.fpn.bottom_up",),
        "FPN": ("backbone",),
        "P6, P7": ("backbone.fpn.top_block",),
        TEMPORAL: ("temporal",),
        **{f"{TEMPORAL}.{name}": (f"temporal.{name}",) for name in inside},
        **{part: tuple(f"head.{p}" for p in paths) for part, paths in head.parts.items()},
        TRACKING: ("track_head",),
        MASKS: ("",),
    }


def called_modules(temporal: nn.Module) -> list[str]:
    """Submodules and their submodules, without lists of modules, which are never called."""
    named = [(name, m) for name, m in temporal.named_modules() if name and name.count(".") < 2]
    return [name for name, m in named if not isinstance(m, nn.ModuleList)]


def parameters(model: VISModel, parts: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """Parameters by part; parts without any are left out."""
    out = dict.fromkeys(parts, 0)
    for name, parameter in model.named_parameters():
        out[owner(name, parts)] += parameter.numel()
    return {part: number for part, number in out.items() if number}


def owner(path: str, parts: dict[str, tuple[str, ...]]) -> str:
    """The part that a module belongs to: the one with the longest path above `path`."""
    inside = [(len(p), part) for part, paths in parts.items() for p in paths if is_below(path, p)]
    return max(inside)[1]


def is_below(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(f"{above}.")


def multiply_accumulates(
    counted: Count, parts: dict[str, tuple[str, ...]]
) -> dict[str, dict[str, int]]:
    """Multiply-accumulates by part and kind, without what nested parts do; empty ones left out."""
    every = [path for paths in parts.values() for path in paths]
    out: dict[str, Counter[str]] = {}
    for part, paths in parts.items():
        out[part] = Counter()
        for path in paths:
            out[part] += own_count(counted, path, every)
    return {part: dict(kinds) for part, kinds in out.items() if kinds}


def own_count(counted: Count, path: str, others: list[str]) -> Counter[str]:
    """What a module does by kind, less what the topmost of `others` below it do."""
    full = f"model.{path}" if path else ""
    below = [p for p in others if p != path and is_below(p, path)]
    topmost = [p for p in below if not any(q != p and is_below(p, q) for q in below)]
    kinds = counted.of(full).copy()
    for inner in topmost:
        kinds.subtract(counted.of(f"model.{inner}"))
    return +kinds


def unit_costs(model: VISModel, group: Callable[[GateUse], str]) -> dict[str, int]:
    """Unit costs (Eq. 8) of all gated computation of the call just counted, by group."""
    out: Counter[str] = Counter()
    for use in model.gates:
        out[group(use)] += int(use.full())
    return dict(sorted(out.items()))


def gated_norm(model: VISModel, counted: Count) -> int:
    """The part of the unit costs that the gated cells' norms make up."""
    modules = [] if model.temporal is None else model.temporal.named_modules()
    norms = [n for n, m in modules if isinstance(m, (PositionNorm, ActiveGroupNorm))]
    return sum(counted.of(f"model.temporal.{name}")[NORM] for name in norms)
