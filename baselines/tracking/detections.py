"""What a tracker is given, and an online tracker over a whole clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from torch import Tensor


class Detections(NamedTuple):
    """N detections of a frame.

    boxes (N, 4): xyxy in network pixels; scores (N,) in [0, 1]; classes (N,): indices; embeddings
    (N, E): whose dot products are above 0 for one object, as trained (Eq. 7); truth (N,): the true
    object that each shows, -1 for none, None where it is not known (for the oracle alone).
    """

    boxes: Tensor
    scores: Tensor
    classes: Tensor
    embeddings: Tensor
    truth: Tensor | None = None


Association = Callable[[Sequence[Detections]], list[Tensor]]  # of a clip: ids (N,) of each frame


class OnlineTracker(Protocol):
    """Sees a frame at a time and never changes what it said. step returns ids (N,), -1: dropped."""

    def step(
        self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor
    ) -> Tensor: ...


def online(new: Callable[[], OnlineTracker]) -> Association:
    """A clip frame by frame, with a tracker of its own."""

    def associate(clip: Sequence[Detections]) -> list[Tensor]:
        tracker = new()
        return [tracker.step(*frame[:4]) for frame in clip]

    return associate
