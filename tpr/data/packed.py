"""Batches on their way from a loader process to the device: all their tensors in one buffer.

A tensor that another process sends costs an open file until it is dropped, and a copy to the device
costs a call. A batch has hundreds of tensors, most of them of a few numbers (boxes, classes and ids
of each image); so their bytes travel together.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, NamedTuple

import torch
from torch import Tensor

ALIGNMENT = 64  # bytes: CUDA kernels read wide words


class Place(NamedTuple):
    """Offset, shape and type of a tensor in the buffer."""

    begin: int
    end: int
    dtype: torch.dtype
    shape: tuple[int, ...]

    def read(self, buffer: Tensor) -> Tensor:
        return buffer[self.begin : self.end].view(self.dtype).view(self.shape)


class Packed:
    """Any value that can be pickled, apart from its tensors, and one buffer with these.

    buffer: uint8 (bytes,); rest: the pickled value, in which each tensor is its Place.
    """

    def __init__(self, buffer: Tensor, rest: bytes) -> None:
        self.buffer, self.rest = buffer, rest

    def pin_memory(self) -> Packed:
        """Called by torch's DataLoader: from there a copy to a GPU need not be waited for."""
        return Packed(self.buffer.pin_memory(), self.rest)

    def to(self, device: torch.device) -> Any:
        """The value with its tensors on the device: views into one copy of the buffer."""
        buffer = self.buffer.to(device, non_blocking=True)
        return _Unpickler(io.BytesIO(self.rest), buffer).load()


def pack(value: Any) -> Packed:
    """A value whose tensors (on the CPU, without gradient) lie in one buffer."""
    rest = io.BytesIO()
    pickler = _Pickler(rest)
    pickler.dump(value)
    buffer = torch.zeros(pickler.size, dtype=torch.uint8)
    for tensor, place in pickler.found:
        place.read(buffer).copy_(tensor)
    return Packed(buffer, rest.getvalue())


class _Pickler(pickle.Pickler):
    """Pickles a value without its tensors, which it collects with their places in the buffer."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.found: list[tuple[Tensor, Place]] = []
        self.size = 0

    def persistent_id(self, value: Any) -> Place | None:
        if not isinstance(value, Tensor):
            return None
        end = self.size + value.numel() * value.element_size()
        place = Place(self.size, end, value.dtype, tuple(value.shape))
        self.found.append((value, place))
        self.size = -(-end // ALIGNMENT) * ALIGNMENT
        return place


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, buffer: Tensor) -> None:
        super().__init__(file)
        self.buffer = buffer

    def persistent_load(self, place: Place) -> Tensor:
        return place.read(self.buffer)
