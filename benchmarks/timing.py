"""Timing two functions in turn, so that a drifting machine hits both alike."""

from __future__ import annotations

import ctypes
import json
import statistics
import time
from collections.abc import Callable

import torch

THREADS = 2
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # malloc.h


def medians(functions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each function over interleaved rounds, after one warm-up round."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for done in range(rounds + 1):
        for name, function in functions.items():
            begin = time.perf_counter()
            function()
            if done:
                seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in seconds.items()}


def keep_freed_memory() -> None:
    """glibc keeps the memory of freed tensors, as in the suite's stages (see launch/local.py).

    Otherwise whether a call gets fresh pages, which cost as much as the work of some, depends on
    what ran before it.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def setup() -> None:
    keep_freed_memory()
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)


def report(case: str, **numbers: float) -> None:
    print(json.dumps({"case": case} | {k: round(v, 4) for k, v in numbers.items()}), flush=True)
