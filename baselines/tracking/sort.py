"""SORT (Bewley et al., ICIP 2016): predicted boxes, matched by overlap with the Hungarian
algorithm."""

from __future__ import annotations

from torch import Tensor

from baselines.tracking.moving import Frame, MovingTracks

LEAST = 0.3  # IoU
PATIENCE = 1  # frames


class SORT:
    """Its three hits before a track is told are left out: clips are short, and a track's first
    frames count."""

    def __init__(self) -> None:
        self.memory = MovingTracks(PATIENCE)

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        frame = Frame(boxes, classes)
        self.memory.predict()
        rows, tracks = list(frame.left), self.memory.tracks
        overlaps = frame.overlaps(rows, tracks)
        frame.match(rows, tracks, overlaps, overlaps >= LEAST)
        self.memory.begin(frame, list(frame.left))
        return frame.ids
