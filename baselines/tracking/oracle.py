"""Association by the truth: the most that any tracker can gain on these detections."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from baselines.tracking.detections import Detections


def oracle(clip: Sequence[Detections]) -> list[Tensor]:
    """Each detection has the id of the true object that it shows; what shows none is dropped, as a
    tracker may drop detections. Raises ValueError where the truth is not known."""
    truths = [frame.truth for frame in clip]
    if any(truth is None for truth in truths):
        raise ValueError("association by the truth needs to know it: Detections.truth is None")
    return [truth for truth in truths if truth is not None]
