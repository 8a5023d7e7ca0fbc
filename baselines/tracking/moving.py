"""Tracks with a predicted motion: what SORT, DeepSORT and ByteTrack have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from baselines.tracking.kalman import Motion, measurements
from baselines.tracking.matching import best_pairs
from tpr.models.boxes import pairwise_iou


class Track:
    """id; category: class index; missed: frames since it was last seen."""

    def __init__(self, id: int, category: int, measured: np.ndarray) -> None:
        self.id, self.category, self.missed = id, category, 0
        self.motion = Motion(measured)


class Frame:
    """N detections being given to tracks: ids (N,), and which are left."""

    def __init__(self, boxes: Tensor, classes: Tensor) -> None:
        self.boxes, self.classes = boxes.double().cpu(), classes.cpu().numpy()
        self.measured = measurements(boxes)
        self.ids = torch.full((len(boxes),), -1, dtype=torch.long)
        self.left = list(range(len(boxes)))

    def overlaps(self, rows: Sequence[int], tracks: Sequence[Track]) -> np.ndarray:
        """IoU (N', K) of these detections with where the tracks should be; 0 for other classes."""
        if not rows or not tracks:
            return np.zeros((len(rows), len(tracks)))
        predicted = torch.from_numpy(np.stack([track.motion.box for track in tracks]))
        same = self.classes[rows][:, None] == [track.category for track in tracks]
        return np.where(same, pairwise_iou(self.boxes[rows], predicted).numpy(), 0.0)

    def match(
        self, rows: Sequence[int], tracks: Sequence[Track], worth: np.ndarray, allowed: np.ndarray
    ) -> list[tuple[int, Track]]:
        """Gives detections `rows` (N',) to tracks (K,) by worths (N', K); the pairs."""
        pairs = [(rows[i], tracks[k]) for i, k in best_pairs(worth, allowed)]
        for row, track in pairs:
            self.ids[row] = track.id
            self.left.remove(row)
            track.missed = 0
            track.motion.update(self.measured[row])
        return pairs


class MovingTracks:
    """A video's tracks; those that were missed in more than `patience` frames end."""

    def __init__(self, patience: int) -> None:
        self.patience, self.tracks, self.count = patience, list[Track](), 0

    def predict(self) -> None:
        for track in self.tracks:
            track.motion.predict()
            track.missed += 1
        self.tracks = [track for track in self.tracks if track.missed <= self.patience + 1]

    def begin(self, frame: Frame, rows: Sequence[int]) -> list[Track]:
        """A new track for each of these detections."""
        new: list[Track] = []
        for row in rows:
            new.append(Track(self.count, int(frame.classes[row]), frame.measured[row]))
            frame.ids[row] = self.count
            frame.left.remove(row)
            self.count += 1
        self.tracks += new
        return new
