"""The counts that losses are divided by, over all images of an iteration.

A batch may be spread over processes, and over micro-batches that follow one another. A loss that is
a mean over positive locations must divide by those of the whole batch, or its gradient would depend
on how the batch was spread: so heads divide by `total(count)`, or weigh a mean by `share(count)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import overload

import torch
from torch import Tensor

from tpr.parallel.distributed import device, sum_over_processes, world_size

Count = int | float | Tensor
_counters: list[Callable[[Count], Count]] = []


@overload
def total(count: float) -> float: ...


@overload
def total(count: Tensor) -> Tensor: ...


def total(count: Count) -> Count:
    """The sum of a count (a number or 0-dim tensor) over all images of the iteration."""
    return _counters[-1](count) if _counters else count


def share(count: int) -> float:
    """Weight of a mean over `count` elements in the mean over those of the whole iteration."""
    return count / max(total(count), 1)


@contextmanager
def counting(counter: Callable[[Count], Count]) -> Iterator[None]:
    """Within the block `total` calls `counter`."""
    _counters.append(counter)
    try:
        yield
    finally:
        _counters.pop()


def over_processes(count: Count) -> Count:
    """A counter for batches without micro-batches: sums over the processes at once."""
    return count if world_size() == 1 else alike(sums([[float(count)]])[0], count)


def recording(counts: list[float]) -> Callable[[Count], Count]:
    """A counter that returns every count unchanged and appends it to `counts`."""

    def counter(count: Count) -> Count:
        counts.append(float(count))
        return count

    return counter


def replaying(totals: Iterable[float]) -> Callable[[Count], Count]:
    """A counter that returns totals found before, in the order of the calls."""
    answers = iter(totals)
    return lambda count: alike(next(answers), count)


def sums(rows: Sequence[Sequence[float]]) -> list[float]:
    """Sums over rows and processes: [[float] * K] -> [float] * K."""
    where = device() if world_size() > 1 else None  # alone there is nothing to send
    added = torch.tensor(rows, dtype=torch.float64, device=where).sum(0)
    return sum_over_processes(added).tolist()


def alike(value: float, count: Count) -> Count:
    """The value in the form of the count: tensor or number."""
    return count.new_tensor(value) if isinstance(count, Tensor) else value
