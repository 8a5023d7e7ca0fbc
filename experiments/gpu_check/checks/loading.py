"""Check 13: batches are read as fast as a GPU takes them, with few open files."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from experiments.gpu_check.bench import Bench
from experiments.gpu_check.check import Found
from experiments.gpu_check.checks.cost import SECONDS, TPR
from tpr.data.loader import PREFETCHED, read_ahead
from tpr.training.loop import parts_of

WORKERS = 8
OPEN_FILES = 1024  # the usual soft limit
AHEAD = 2 * WORKERS * PREFETCHED  # read, or nearly so, when the clock starts


def loading(bench: Bench) -> Found:
    """Eight loaders under the usual limit of open files, beside what a GPU takes."""
    training, timed = bench.training(TPR), 8 if bench.pretended else 160
    with open_files(OPEN_FILES):
        fetch = partial(parts_of, training.data.pairs, training.step.parts)
        batches = read_ahead(fetch, range(AHEAD + timed), WORKERS, bench.device)
        for _ in range(AHEAD):
            next(batches)
        begin = time.perf_counter()
        for _ in range(timed):
            next(batches)
        rate = timed * bench.batch_size / (time.perf_counter() - begin)
    iteration = min((bench.iteration or SECONDS).values())
    needed = 0.0 if bench.pretended else bench.batch_size / iteration
    text = f"{rate:.0f} pairs/s" if not bench.pretended else "no error"
    return Found(
        f"{text}, {needed:.0f} needed" if needed else text, rate >= needed, {"pairs": rate}
    )


@contextmanager
def open_files(limit: int) -> Iterator[None]:
    """Inside, no more files may be open at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, soft), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
