"""Offline association: the whole clip is seen before anything is said.

Neighbouring frames are linked where boxes overlap well; the pieces are then joined, the most alike
first, until no two that are never in one frame are alike. What an online tracker must decide at
once waits here for all the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from baselines.tracking.detections import Detections
from baselines.tracking.iou import IoUTracker
from baselines.tracking.matching import cosine


def whole_clip(clip: Sequence[Detections]) -> list[Tensor]:
    linker = IoUTracker()
    pieces = [linker.step(*frame[:4]) for frame in clip]
    if not linker.count:
        return pieces
    joined = torch.from_numpy(join(clip, pieces, linker.count))
    return [joined[ids] for ids in pieces]


def join(clip: Sequence[Detections], pieces: Sequence[Tensor], count: int) -> np.ndarray:
    """(count,) the object that each piece belongs to. Likeness is a mean of cosines over all pairs
    of detections."""
    embeddings = torch.cat([frame.embeddings.cpu().double() for frame in clip])
    member = torch.zeros(count, len(embeddings), dtype=torch.double)
    member[torch.cat([*pieces]), torch.arange(len(embeddings))] = 1
    total = (member @ cosine(embeddings, embeddings) @ member.t()).numpy()
    size, owner = member.sum(1).numpy(), np.arange(count)
    apart = together(pieces, count)
    likeness = np.where(apart, -1.0, total / np.outer(size, size))
    while True:
        a, b = divmod(int(likeness.argmax()), count)
        if likeness[a, b] <= 0:
            return np.unique(owner, return_inverse=True)[1]
        total[a] += total[b]
        total[:, a] += total[:, b]
        size[a] += size[b]
        apart[a] |= apart[b]
        apart[:, a] = apart[a]
        apart[b] = apart[:, b] = True  # it is a part of `a` from now on
        likeness[b] = likeness[:, b] = -1.0
        likeness[a] = likeness[:, a] = np.where(apart[a], -1.0, total[a] / (size[a] * size))
        owner[owner == b] = a


def together(pieces: Sequence[Tensor], count: int) -> np.ndarray:
    """(count, count) which pieces are in one frame; a piece is with itself."""
    there = np.zeros((count, len(pieces)))
    for t, ids in enumerate(pieces):
        there[ids.numpy(), t] = 1
    return there @ there.T > 0
