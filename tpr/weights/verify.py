"""What a checkpoint file is, whether it is complete, and how much of a model it would fill."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch

from tpr.models.build import BACKBONES, HEADS, build_model, full_size
from tpr.models.vis_model import VISModel
from tpr.terminal import printable
from tpr.weights.conversion import METHODS, SOURCES
from tpr.weights.conversion.convert import Conversion, convert
from tpr.weights.conversion.rules import Pixels, Rule, Source
from tpr.weights.file_kinds import kind_of
from tpr.weights.published import LOOKED_UP, Identity, identify
from tpr.weights.reading import Content, read
from tpr.weights.states import State, find_state

LEAST = 0.1  # of a model's numbers: a file that fills less is another model's
FEW = 3  # names in a line

# what `convert` writes, and `save_weights`: our own names
OWN = Source(
    rules=(Rule(r"((?:backbone\.fpn|head|track_head|temporal|pixel_std|pixel_mean).*)", r"\1"),),
    pixels=Pixels(mean=(123.675, 116.28, 103.53), std=(1.0, 1.0, 1.0), bgr=False),
    constants={},
    shapes={},
)


class Target(NamedTuple):
    """What a file is to be read as: its method and backbone, and settings of our model.

    own: whether it has our own names, as `convert` writes them.
    """

    method: str
    backbone: str
    classes: int
    p6_from: str
    own: bool = False

    @property
    def source(self) -> Source:
        return OWN if self.own else SOURCES[self.method]

    def known(self, key: str) -> bool:
        """Whether a key of the file is used."""
        rule = self.source.rule(key)
        return rule is not None and rule.target is not None

    def model(self) -> VISModel:
        """Freshly initialised."""
        method = METHODS.get(self.method, self.method)
        return build_model(full_size(method, self.backbone, p6_from=self.p6_from), self.classes)

    def __str__(self) -> str:
        names = f"{self.method} {self.backbone}" + (" (converted already)" if self.own else "")
        return f"{names}, --classes {self.classes} --p6-from {self.p6_from}"


def dry(state: State, target: Target) -> Conversion:
    """The conversion without its numbers: shapes alone decide what is used."""
    with torch.device("meta"):
        shapes = {key: torch.empty(value.shape) for key, value in state.tensors.items()}
        return convert(shapes, target.model(), target.source)


def guessed(content: Content, path: Path, classes: int, p6_from: str) -> Target:
    """The model that takes most of a file's keys; of those that take as many, the fullest."""

    def taken(target: Target) -> tuple[int, float]:
        done = dry(find_state(content, path, target.known), target)
        return len(done.used), done.filled

    targets = [Target(method, "r50", classes, p6_from) for method in SOURCES]
    targets += [Target(method, "r50", classes, p6_from, own=True) for method in HEADS]
    best = max(targets, key=taken)
    return max((best._replace(backbone=name) for name in BACKBONES), key=taken)


def checked(path: Path, *, other_sum: bool = False) -> Identity:
    """What a file is. ValueError for what is no checkpoint, and, unless `other_sum` accepts it, for
    one that has a published file's name and is not that file."""
    kind_of(path)
    identity = identify(path)
    one = identity.published
    if one and identity.differs and not other_sum:
        raise ValueError(
            f"{path} is not {one.name}: {identity.differs} (stated by {one.stated_by}, "
            f"{LOOKED_UP}); get it again, or convert it with --other-sum"
        )
    return identity


def report(path: Path, target: Target | None, classes: int, p6_from: str) -> list[str]:
    """Lines about a file; target: what it is to be read as, or None to find out.

    Raises ValueError for a file that cannot be used.
    """
    identity, content = checked(path), read(path)
    lines = [f"{identity.size:,} bytes, sha256 {identity.sha256}", named(identity)]
    one = identity.published
    if one and not one.method:
        return [*lines, "whole; used as it is, the suite checks its layers"]
    if target is None and one:
        target = Target(one.method, one.backbone, classes, p6_from)
    if target is None:
        target = guessed(content, path, classes, p6_from)
    state = find_state(content, path, target.known)
    done = dry(state, target)
    check_filled(path, done, target)
    check_finite(path, state, done)
    return [*lines, held(state, content), fit(done, target)]


def named(identity: Identity) -> str:
    if identity.published is None:
        return "not in the list of published files (python -m tpr.checkpoint list)"
    checked = "as published" if identity.published.sha256 else "by its name; no checksum is known"
    return f"{identity.published.name}, {checked}"


def held(state: State, content: Content) -> str:
    """Lines on the content that was read, other states that fit as well, and entries that were
    ignored."""
    numbers = sum(value.numel() for value in state.tensors.values())
    line = f"whole: {len(state.tensors)} tensors, {numbers:,} numbers"
    line += f", under {printable(state.name)}" if state.name else ""
    for what, names in (
        ("as well, with --part", state.other),
        ("left out", state.left_out),
        ("ignored, no tensors", content.ignored),
    ):
        if names:
            further = f" and {len(names) - FEW} more" if len(names) > FEW else ""
            line += f"; {what}: {', '.join(map(printable, names[:FEW]))}{further}"
    return line


def fit(done: Conversion, target: Target) -> str:
    line = f"fills {done.filled:.1%} of the model of {target}"
    missing = [name for name, _ in done.missing]
    if missing:
        further = f" and {len(missing) - FEW} more" if len(missing) > FEW else ""
        line += f"; missing: {', '.join(missing[:FEW])}{further}"
    if done.unknown:
        line += f"; {len(done.unknown)} keys unknown, the first {printable(done.unknown[0])}"
    return line


def check_filled(path: Path, done: Conversion, target: Target) -> None:
    """ValueError for a file of which nothing, or almost nothing, fits."""
    if done.filled >= LEAST:
        return
    first = f", {printable(done.skipped[0][0])} does not" if done.skipped else ""
    raise ValueError(
        f"{path} fills {done.filled:.1%} of the model of {target}, less than {LEAST:.0%}: it is "
        f"another model's ({len(done.used)} of its keys fit{first})"
    )


def check_finite(path: Path, state: State, done: Conversion) -> None:
    """ValueError if what is used of a file holds NaN, infinite or complex numbers."""
    values = {key: state.tensors[key] for key, _ in done.used}
    bad = [k for k, v in values.items() if v.is_complex() or not v.float().isfinite().all()]
    if bad:
        raise ValueError(
            f"{path}: NaN, infinite or complex numbers in {len(bad)} of the {len(values)} tensors "
            f"that fit, the first {printable(bad[0])}: the training that wrote it had failed, or "
            "16 bits were too few; take an earlier checkpoint"
        )
