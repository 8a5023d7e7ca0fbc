"""Timing two functions in turn, so that a drifting machine hits both alike."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable

import torch

THREADS = 2


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


def setup() -> None:
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)


def report(case: str, **numbers: float) -> None:
    print(json.dumps({"case": case} | {k: round(v, 4) for k, v in numbers.items()}), flush=True)
