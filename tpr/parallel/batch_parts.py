"""Divides a batch into micro-batches, and among the processes of a training.

The settings' batch_size is that of all processes together. With "micro_batch" no process runs more
of it through the network at once: the rest follows, and gradients add up.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Part(NamedTuple):
    """One of `of` equal parts of a batch."""

    number: int = 0
    of: int = 1

    def rows(self, length: int) -> slice:
        """The part's samples in a batch of `length`. Raises ValueError if that cannot be divided
        equally."""
        if length % self.of:
            raise ValueError(
                f"a batch of {length} cannot be cut into {self.of} equal parts: change batch_size "
                "or micro_batch, or the number of processes"
            )
        size = length // self.of
        return slice(self.number * size, (self.number + 1) * size)


WHOLE = Part()


def micro_batches(settings: dict[str, Any]) -> int:
    """Groups of samples that are padded to one size, however many processes there are."""
    batch = settings["batch_size"]
    at_once = min(settings.get("micro_batch", batch), batch)
    if batch % at_once:
        raise ValueError(f"micro_batch {at_once} does not divide batch_size {batch}")
    return batch // at_once


def parts_of_process(settings: dict[str, Any], rank: int, processes: int) -> list[Part]:
    """A process's parts of every batch, one after the other; none crosses a micro-batch."""
    count = math.lcm(micro_batches(settings), processes)
    own = count // processes
    return [Part(rank * own + i, count) for i in range(own)]


def possible_processes(settings: dict[str, Any]) -> list[int]:
    """The numbers of processes that can share a batch, in equal parts that no micro-batch cuts."""
    batch, cut = settings["batch_size"], micro_batches(settings)
    return [n for n in range(1, batch + 1) if batch % math.lcm(cut, n) == 0]
