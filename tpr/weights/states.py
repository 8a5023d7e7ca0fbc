"""Finds the state dict in a checkpoint: code bases wrap it and prefix its keys in many ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tpr.terminal import printable
from tpr.weights.reading import Content
from tpr.weights.skeleton import Array

DEPTH = 4  # containers in containers, and parts of a prefix
# Paths to the weights that a training itself updates. Others lead to averaged ones (EMA), to a
# teacher's, or to one model of several.
PLAIN = {"", "model", "state_dict", "model_state_dict", "model_state", "net", "network", "weights"}
PLAIN |= {"module"}
WRAPPERS = {"module", "model"}  # prefixes of DataParallel and Lightning, which mean nothing


class State(NamedTuple):
    """A state dict found in a file.

    name: the path to it, as "model" or "model.module"; sure: whether no prefix was removed that may
    mean something; other: paths to further ones that fit as well; left_out: names of entries beside
    its tensors that are no tensors.
    """

    tensors: dict[str, Tensor]
    name: str = ""
    sure: bool = True
    other: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def find_state(
    content: Content, path: Path, known: Callable[[str], bool], part: str | None = None
) -> State:
    """The state dict of which most keys are known, without the prefix that its keys share.

    part: the name of the one that is wanted. Raises ValueError for a file without one, and for one
    that has to be chosen: of several, or behind a prefix that may mean something.
    """
    found = [state for one in containers(content.value) for state in unprefixed(one, known)]
    if not found:
        raise ValueError(f"{path} holds no state dict: {what_is(content.value)}")
    if part is not None:
        names = listed(found)
        found = [state._replace(sure=True) for state in found if state.name == part]
        if not found:
            raise ValueError(f"{path} has no part {printable(part)!r}; there are: {names}")
    fits = [sum(map(known, state.tensors)) for state in found]
    if max(fits) == 0:
        return max(found, key=lambda state: len(state.tensors))
    best = [state for state, fit in zip(found, fits, strict=True) if fit == max(fits)]
    chosen = preferred([state for state in best if state.sure])
    if chosen is None:
        raise ValueError(
            f"{path} holds the weights as {listed(best)}: choose by --part of "
            "`python -m tpr.checkpoint convert`"
        )
    return chosen._replace(other=tuple(s.name for s in best if s is not chosen))


def listed(states: list[State]) -> str:
    return ", ".join(repr(printable(name)) for name in dict.fromkeys(s.name for s in states))


def preferred(states: list[State]) -> State | None:
    """Of states that fit equally, the plain one; None where it is not clear which that is."""
    plain = [state for state in states if PLAIN.issuperset(state.name.split("."))] or states
    same = all(equal(plain[0].tensors, state.tensors) for state in plain[1:])
    return plain[0] if plain and same else None


def equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(
        value is second[name] or torch.equal(value, second[name]) for name, value in first.items()
    )


def containers(value: Any, name: str = "", depth: int = 0) -> Iterator[State]:
    """All mappings with tensors, the outer ones first."""
    if isinstance(value, list | tuple):
        value = {str(i): entry for i, entry in enumerate(value[:100])}
    if not isinstance(value, Mapping) or depth > DEPTH:
        return
    tensors = {str(key): tensor_of(entry) for key, entry in value.items()}
    kept = {key: entry for key, entry in tensors.items() if entry is not None}
    if kept:
        left_out = tuple(key for key in tensors if key not in kept)
        yield State(kept, name, left_out=left_out)
    for key, entry in value.items():
        yield from containers(entry, f"{name}.{key}".lstrip("."), depth + 1)


def tensor_of(value: Any) -> Tensor | None:
    """None for what is no tensor and no array of numbers."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Array) and value.values is not None:
        native = value.values.astype(value.values.dtype.newbyteorder("="))
        return torch.from_numpy(native)
    return None


def unprefixed(state: State, known: Callable[[str], bool]) -> Iterator[State]:
    """The state as it is; where few of its keys are known, also without prefixes of many."""
    keys = list(state.tensors)
    yield state
    if 2 * sum(map(known, keys)) >= len(keys):
        return
    shared = Counter(
        ".".join(parts[:depth]) + "."
        for parts in (key.split(".") for key in keys)
        for depth in range(1, min(DEPTH, len(parts)))
    )
    for prefix, count in shared.items():
        if 3 * count < len(keys):
            continue
        tensors = {
            key.removeprefix(prefix): value
            for key, value in state.tensors.items()
            if key.startswith(prefix)
        }
        others = tuple(key for key in keys if not key.startswith(prefix))
        name = f"{state.name}.{prefix}".strip(".")
        sure = WRAPPERS.issuperset(prefix[:-1].split("."))
        yield State(tensors, name, sure, left_out=state.left_out + others)


def what_is(value: Any) -> str:
    """What a content without tensors is, for an error message."""
    if isinstance(value, Mapping):
        held = ", ".join(f"{str(k)!r} ({kind(v)})" for k, v in list(value.items())[:3])
        return f"no tensors, but {printable(held)}" if held else "it is an empty mapping"
    return f"it is a {kind(value)}"


def kind(value: Any) -> str:
    if isinstance(value, Array):
        return "array of objects"
    return printable(getattr(value, "kind", "") or type(value).__name__)
