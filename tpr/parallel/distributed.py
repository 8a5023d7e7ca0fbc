"""One training or inference shared by several processes, which torchrun or Slurm started.

They find each other by RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR and MASTER_PORT. In a process that
was started alone there is nothing to join, and every function here gives back what it was given.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from tpr.parallel.hang_watch import Watch, joining

# of one process for the others, which may have more videos left; hang_watch tells those that hang
PATIENCE = timedelta(hours=1)
JOINING = timedelta(minutes=8)  # for all to start
LEAST_LOADERS, MOST_LOADERS = 2, 8


class LostProcessError(RuntimeError):
    """A call that all processes take part in failed: as a rule, because another one has ended."""


@contextmanager
def process_group(tell: Callable[[str], None] = print) -> Iterator[None]:
    """Joins the processes of the environment, if there are any; gloo on CPUs, NCCL on GPUs.

    tell: gets a line about a process that hangs, before this one ends. Raises LostProcessError if
    not all join.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(device())
    with all_take_part():
        store, rank, count = next(dist.rendezvous("env://", timeout=JOINING))
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, store=store, rank=rank, world_size=count, timeout=PATIENCE)
    watch = Watch(rank, count, tell)
    yield
    watch.end()
    # Not after an error: others may wait in a collective call, and leaving would wait for them.
    dist.destroy_process_group()


@contextmanager
def all_take_part() -> Iterator[None]:
    """Around a collective call: an error in it becomes a LostProcessError."""
    joining()
    try:
        yield
    except (torch.OutOfMemoryError, torch.AcceleratorError):
        raise  # this process's own; kernels that failed before are told by whatever call comes next
    except RuntimeError as error:
        raise LostProcessError(f"another process was lost: {error}") from error


def device() -> torch.device:
    """The GPU of this process where there is one, else the CPU."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    # Slurm may show each process its own GPU only
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())


def loaders() -> int:
    """Processes that read batches ahead of a GPU; a CPU has no time to spare for them.

    One a core that is this process's own, from 2 to 8: its share of the cores that it may run on,
    among the processes of this machine that may run on any of them (all, unless Slurm or the user
    binds each to its own).
    """
    if not torch.cuda.is_available():
        return 0
    own = (socket.gethostname(), os.sched_getaffinity(0))
    sharing = [host == own[0] and bool(cores & own[1]) for host, cores in gathered(own)]
    return min(max(len(own[1]) // sum(sharing), LEAST_LOADERS), MOST_LOADERS)


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def is_main() -> bool:
    """Whether this is the process that writes files."""
    return rank() == 0


def sum_over_processes(x: Tensor) -> Tensor:
    """The sum of every process's `x`, without gradient; in place."""
    if world_size() > 1:
        with all_take_part():
            dist.all_reduce(x)
    return x


def from_main(value: Any) -> Any:
    """The first process's value, in every process."""
    box = [value]
    if world_size() > 1:
        with all_take_part():
            dist.broadcast_object_list(box)
    return box[0]


def gathered(value: Any) -> list[Any]:
    """Every process's value, by rank, in every process."""
    found = [value] * world_size()
    if world_size() > 1:
        with all_take_part():
            dist.all_gather_object(found, value)
    return found
