"""What an operation costs on a GPU beside its arithmetic, counted by the project's lines."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[3]
PRETENCE = Path(__file__).parent

# Their results, or the results' sizes, are needed on the host.
WAITS = {
    "_local_scalar_dense",  # item, tolist, float(x), if x
    "_unique2",
    "bincount",
    "equal",
    "is_nonzero",
    "masked_select",
    "nms",
    "nonzero",
    "unique_consecutive",
    "unique_dim",
}
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_"}

# They only make memory or another view of it.
WITHOUT_KERNEL = {
    "_local_scalar_dense",
    "_reshape_alias",
    "_unsafe_view",
    "alias",
    "detach",
    "empty",
    "empty_like",
    "empty_strided",
    "is_same_size",
    "lift_fresh",
    "new_empty",
    "new_empty_strided",
    "resize_",
    "set_",
    "view",
}
# Kernels of one call where that are several, roughly, from torch's and torchvision's sources.
KERNELS = {
    "_deform_conv2d_backward": 16,
    "_embedding_bag": 3,
    "_embedding_bag_forward_only": 3,
    "convolution": 2,
    "convolution_backward": 4,
    "cumsum": 2,
    "deform_conv2d": 8,
    "index_put_": 2,
    "masked_select": 5,
    "native_batch_norm": 2,
    "native_group_norm": 3,
    "native_group_norm_backward": 5,
    "native_layer_norm_backward": 3,
    "nms": 3,
    "nonzero": 4,
    "sort": 4,
    "topk": 4,
}


@dataclass
class Counts:
    """Counters by "file:line operation" of the project.

    syncs: how often the host waits for the GPU, copies to the host among them; to_gpu, to_host:
    copies between the two; launches: kernels, as many as KERNELS says.
    """

    syncs: Counter[str] = field(default_factory=Counter)
    to_gpu: Counter[str] = field(default_factory=Counter)
    to_host: Counter[str] = field(default_factory=Counter)
    launches: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Back to nothing, as at the start of a frame."""
        for counter in vars(self).values():
            counter.clear()

    def totals(self) -> dict[str, int]:
        """The sum of each counter by its name."""
        return {name: counter.total() for name, counter in vars(self).items()}

    def add(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Counts an operation on the GPU; its copies between devices are for `add_copy`."""
        place = f"{project_line()} {name}"
        if waits(name, args, kwargs):
            self.syncs[place] += 1
        if name not in WITHOUT_KERNEL:
            self.launches[place] += KERNELS.get(name, 1)

    def add_copy(self, name: str, *, to_host: bool) -> None:
        """Counts a copy between host and GPU."""
        place = f"{project_line()} {name}"
        (self.to_host if to_host else self.to_gpu)[place] += 1
        if to_host:
            self.syncs[place] += 1


def waits(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the host has to wait for an operation's result to go on."""
    if name in INDEXING:
        return indexes_by_mask(name, args)
    if name == "repeat_interleave":
        return kwargs.get("output_size") is None
    return name in WAITS


def indexes_by_mask(name: str, args: tuple[Any, ...]) -> bool:
    """Whether the places are known by a mask only, which CUDA turns into numbers on the way.

    One value put at the places of a mask is `masked_fill`, which does without.
    """
    masks = (torch.bool, torch.uint8)
    _, places, *put = args  # of index_put: what is put there, and whether it is added
    if not any(i is not None and i.dtype in masks for i in places):
        return False
    return name == "index" or put[0].numel() > 1 or any(put[1:2])


def project_line() -> str:
    """Where on the stack the project is, this package apart, as "tpr/files.py:78"."""
    frame = sys._getframe(1)
    while frame is not None:
        file = project_file(frame.f_code.co_filename)
        if file is not None:
            return f"{file}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere"


@cache
def project_file(name: str) -> str | None:
    """A source file's path in the project; None for this package's and those of libraries."""
    path = Path(name)
    if path.is_relative_to(PRETENCE) or "site-packages" in path.parts:
        return None
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else None
