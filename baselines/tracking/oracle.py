"""Association by the truth: what no tracker's mistakes enter."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from baselines.tracking.detections import Detections, online
from tpr.models.tracking import Tracker


def oracle(clip: Sequence[Detections]) -> list[Tensor]:
    """Each detection has the id of the true object that it shows; what shows none is dropped, as a
    tracker may drop detections: the most that any tracker can gain. Raises ValueError where the
    truth is not known."""
    truths = [frame.truth for frame in clip]
    if any(truth is None for truth in truths):
        raise ValueError("association by the truth needs to know it: Detections.truth is None")
    return [truth for truth in truths if truth is not None]


def true_ids(clip: Sequence[Detections]) -> list[Tensor]:
    """As `oracle`, but what shows no object stays, in tracks of its own as MaskTrack's cues make
    them. So false detections cost as much as under MaskTrack's cues, and only association differs
    from these."""
    known = oracle(clip)
    objects = 1 + max((int(ids.max()) for ids in known if len(ids)), default=-1)
    own = online(Tracker)(clip)
    return [
        torch.where(ids >= 0, ids, torch.where(others >= 0, others + objects, -1))
        for ids, others in zip(known, own, strict=True)
    ]
