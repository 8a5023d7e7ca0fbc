"""Weights and training state on disk: written atomically, read without running what is in them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tpr.files import replacing
from tpr.terminal import printable
from tpr.weights.quantised import unpacked
from tpr.weights.reading import read
from tpr.weights.states import find_state


def save(state: dict[str, Any], path: Path) -> None:
    """torch.save through a temporary file, so that `path` is always whole.

    Given a name instead of a file, torch would not say why it cannot write.
    """
    with replacing(path) as draft, draft.open("wb") as file:
        torch.save(state, file)


def load(path: Path) -> dict[str, Any]:
    """Raises FileNotFoundError or ValueError with one line naming the file."""
    content = read(path).value
    if not isinstance(content, dict):
        raise ValueError(f"{path} is not a checkpoint: it holds a {type(content).__name__}")
    return content


def load_state(model: nn.Module, path: Path) -> dict[str, Tensor]:
    """The model's tensors in a file, wherever in it they are (tpr.weights.states).

    A file may hold an empty state: what is left of weights that equal their base, packed.
    """
    content = read(path)
    if content.value == {}:
        return {}
    return find_state(content, path, model.state_dict().keys().__contains__).tensors


def save_weights(model: nn.Module, path: Path, *, without: tuple[str, ...] = ()) -> None:
    """The model's state in half precision.

    without: prefixes to leave out; BatchNorm's counters, which a frozen one lacks, always are.
    """
    state = {
        k: v
        for k, v in model.state_dict().items()
        if not k.endswith("num_batches_tracked") and not k.startswith(without)
    }
    save({k: v.half() if v.is_floating_point() else v for k, v in state.items()}, path)


def load_weights(
    model: nn.Module,
    path: Path,
    *,
    missing: tuple[str, ...] = (),
    base: Path | None = None,
    redrawn: Collection[str] = (),
) -> list[str]:
    """Loads a state saved by `save_weights`, or packed by `quantised.packed` over that of `base`.

    missing: prefixes of parameters that may be absent from the file (new modules); redrawn: names
    of those that may have another shape there, and then stay as they are; returns those that did.
    Raises ValueError as `fitting_state`.
    """
    state = fitting_state(model, path, missing=missing, base=base, redrawn=redrawn)
    model.load_state_dict(state, strict=False)
    return [name for name in redrawn if name not in state]


def fitting_state(
    model: nn.Module,
    path: Path,
    *,
    missing: tuple[str, ...] = (),
    base: Path | None = None,
    redrawn: Collection[str] = (),
) -> dict[str, Tensor]:
    """The state that `load_weights` loads; the model may be on the meta device.

    Raises ValueError naming the first key that is missing, unexpected or of another shape.
    """
    state = unpacked(load_state(model, path), load_state(model, base) if base else {})
    own = model.state_dict()
    others = {k for k in redrawn if k in state and state[k].shape != own[k].shape}
    state = {k: v for k, v in state.items() if k not in others}
    own = {k: v for k, v in own.items() if k not in others}
    absent = [
        k
        for k in own
        if k not in state and not k.endswith("num_batches_tracked") and not k.startswith(missing)
    ]
    wrong = [k for k in state if k not in own or own[k].shape != state[k].shape]
    if absent or wrong:
        kind = "lacks" if absent else "does not fit the model at"
        first, count = (absent + wrong)[0], len(absent + wrong)
        raise ValueError(f"{path} {kind} {printable(first)!r} ({count} keys in all)")
    return state


def load_matching(model: nn.Module, path: Path) -> tuple[int, list[str]]:
    """Loads what has the same name and shape in both; how many entries of the model that were, and
    the names of the others. ValueError if it is none."""
    own, saved = model.state_dict(), load_state(model, path)
    taken = {k: v.float() for k, v in saved.items() if k in own and own[k].shape == v.shape}
    if not taken:
        raise ValueError(f"{path} has nothing that fits the model")
    model.load_state_dict(taken, strict=False)
    return len(taken), [k for k in own if k not in taken]
