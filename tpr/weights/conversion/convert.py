"""Filling a model from a public state dict, with an account of every key on both sides."""

from __future__ import annotations

import re
from typing import NamedTuple

import torch
from torch import Tensor

from tpr.models.vis_model import VISModel
from tpr.weights.conversion.rules import Pixels, Source

STEM = "backbone.fpn.bottom_up.stem.conv1"
FRESH = ("temporal.", "track_head.")  # image models have none of them


class Conversion(NamedTuple):
    """The account of a conversion.

    state: of our model, with initial values where nothing was converted; used: (their key, ours);
    skipped: (their key, reason); missing: (our key, reason), which keep their values; fresh: our
    keys that are no part of an image model; unknown: their keys without a rule, which are skipped
    as well.
    """

    state: dict[str, Tensor]
    used: list[tuple[str, str]]
    skipped: list[tuple[str, str]]
    missing: list[tuple[str, str]]
    fresh: list[str]
    unknown: list[str]

    @property
    def partial(self) -> bool:
        """Whether something of the model is missing, or something in the file is not understood."""
        return bool(self.missing or self.unknown)

    @property
    def filled(self) -> float:
        """The share of the image model's numbers that came from the file."""
        sizes = {name: value.numel() for name, value in self.state.items()}
        used = {ours for _, ours in self.used}
        of_file = sum(sizes.get(name, 1) for name in used)  # or an element of a tensor
        return of_file / (sum(sizes.values()) - sum(sizes[name] for name in self.fresh))


def convert(theirs: dict[str, Tensor], model: VISModel, source: Source) -> Conversion:
    """Our state dict from theirs, float32."""
    state = {k: v.clone() for k, v in model.state_dict().items()}
    out = Conversion(state, [], [], [], [], [])
    lost: dict[str, str] = {}
    for key, value in theirs.items():
        rule = source.rule(key)
        if rule is None:
            out.unknown.append(key)
            out.skipped.append((key, "unknown: no rule for it"))
        elif rule.target is None:
            out.skipped.append((key, rule.reason))
        elif problem := fill(state, rule.target, value, source):
            out.skipped.append((key, problem))
            lost[rule.target] = problem
        else:
            out.used.append((key, rule.target))
    _account(out, source, lost)
    if STEM + ".weight" in {ours for _, ours in out.used}:
        fold_pixels(state, source.pixels, model)
    return out


def fill(state: dict[str, Tensor], target: str, value: Tensor, source: Source) -> str:
    """Writes a value to our key, or to an element of it; returns what is wrong with it, or ""."""
    name, index = re.findall(r"^(.*?)(?:\[(\d+)\])?$", target)[0]
    if name not in state:
        return source.why_absent(name) or f"unused: the model has no {name}"
    own, value = state[name], source.edited(name, value)
    if index:
        if int(index) >= len(own):
            return f"unused: {name} has {len(own)} elements"
        own, value = own[int(index)], value.squeeze()
    if own.shape != value.shape:
        why = source.why_shape(name)
        shapes = f"shape {tuple(value.shape)}, here {tuple(own.shape)}"
        return f"{why}: {shapes}" if why else shapes
    own.copy_(value)
    return ""


def _account(out: Conversion, source: Source, lost: dict[str, str]) -> None:
    """Completes the account with keys that nothing was used for: constants, fresh modules and
    missing keys."""
    used = {ours for _, ours in out.used}
    for name, own in out.state.items():
        elements = [f"{name}[{i}]" for i in range(len(own))] if own.dim() else []
        parts = elements if used.intersection(elements) else [name]
        absent = [part for part in parts if part not in used]
        if not absent or name.endswith("num_batches_tracked"):
            continue
        if name in source.constants and absent == [name]:
            own.fill_(source.constants[name])
        elif name.startswith(FRESH) and not any(x.startswith(name.split(".")[0]) for x in used):
            out.fresh.append(name)
        else:
            out.missing.extend((part, lost.get(part, "not in the file")) for part in absent)


def fold_pixels(state: dict[str, Tensor], pixels: Pixels, model: VISModel) -> None:
    """Makes the first convolution take RGB images normalised as ours.

    Order and divisor go into its weights, the difference of the means into its norm's. The latter
    is exact but for the image's border, where the convolution sees padding.
    """
    weight = state[STEM + ".weight"]
    if pixels.bgr:
        weight.copy_(weight.flip(1))
    std, mean = (torch.tensor(x).view(3, 1, 1) for x in (pixels.std, pixels.mean))
    shift = weight * (mean - model.pixel_mean) / std
    state[STEM + ".norm.running_mean"] += shift.sum((1, 2, 3))
    weight.mul_(model.pixel_std / std)
