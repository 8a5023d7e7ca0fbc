"""DeepSORT (Wojke et al., ICIP 2017), with the tracking head's embeddings in place of its own
network's."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import torch
from torch import Tensor

from baselines.tracking.kalman import GATE
from baselines.tracking.matching import cosine
from baselines.tracking.moving import Frame, MovingTracks, Track

PATIENCE, GALLERY = 30, 100  # frames; embeddings that a track keeps
LEAST = 0.3  # IoU, of what embeddings leave


class DeepSORT:
    """The cascade: tracks that were seen last come first; to each the detection whose embedding is
    most like one of the track's, within the gate of its motion; then by overlap. Its three hits
    before a track is told are left out, as in SORT."""

    def __init__(self) -> None:
        self.memory = MovingTracks(PATIENCE)
        self.seen: defaultdict[int, list[Tensor]] = defaultdict(list)  # embeddings by id

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        frame, embeddings = Frame(boxes, classes), embeddings.cpu()
        self.memory.predict()
        for missed in range(1, PATIENCE + 2):
            tracks = [track for track in self.memory.tracks if track.missed == missed]
            rows = list(frame.left)
            if rows and tracks:
                worth, allowed = self._likeness(frame, rows, tracks, embeddings)
                frame.match(rows, tracks, worth, allowed)
        rows, tracks = list(frame.left), [x for x in self.memory.tracks if x.missed == 1]
        overlaps = frame.overlaps(rows, tracks)
        frame.match(rows, tracks, overlaps, overlaps >= LEAST)
        self.memory.begin(frame, list(frame.left))
        for id, embedding in zip(frame.ids.tolist(), embeddings, strict=True):
            self.seen[id] = [*self.seen[id], embedding][-GALLERY:]
        return frame.ids

    def _likeness(
        self, frame: Frame, rows: list[int], tracks: list[Track], embeddings: Tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        """The largest cosine (N', K), and (N', K) whether it is above 0, of one class and in the
        gate."""
        columns = [cosine(embeddings[rows], torch.stack(self.seen[x.id])).amax(1) for x in tracks]
        likeness = torch.stack(columns, 1).numpy()
        away = [track.motion.distances(frame.measured[rows]) for track in tracks]
        same = frame.classes[rows][:, None] == [track.category for track in tracks]
        return likeness, (likeness > 0) & (np.stack(away, 1) < GATE) & same
