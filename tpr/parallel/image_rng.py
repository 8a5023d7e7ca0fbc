"""Random numbers that depend on the image of a batch and not on the process that has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from tpr.parallel.distributed import device

_keys: list[tuple[int, int, int]] = []


@contextmanager
def seeded_part(seed: int, iteration: int, part: int) -> Iterator[None]:
    """Within the block each image of a part of an iteration's batch has its own random numbers.

    They depend on the seed, the iteration and the image's place in the batch alone.
    """
    _keys.append((seed, iteration, part))
    try:
        yield
    finally:
        _keys.pop()


@contextmanager
def image_rng(image: int, images: int) -> Iterator[None]:
    """Within the block torch draws the random numbers of one of the part's `images`.

    Outside of `seeded_part` it draws from its own generator as usual.
    """
    if not _keys:
        yield
        return
    seed, iteration, part = _keys[-1]
    key = [seed, iteration, part * images + image]
    where = device()
    with torch.random.fork_rng([where] if where.type == "cuda" else []):
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        yield
