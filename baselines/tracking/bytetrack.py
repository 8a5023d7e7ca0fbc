"""ByteTrack (Zhang et al., ECCV 2022): detections of high scores first, those of low ones then."""

from __future__ import annotations

from torch import Tensor

from baselines.tracking.moving import Frame, MovingTracks

HIGH, NEW = 0.6, 0.7  # least scores: to be matched first, to begin a track
LEAST, LEAST_LOW = 0.2, 0.5  # IoU, of high and of low scores
PATIENCE = 30  # frames


class ByteTrack:
    """A detection of a low score goes on with a track that the others left, or is dropped: it
    begins none. Scores are in units of the clip's highest so far, as thresholds of heads differ."""

    def __init__(self) -> None:
        self.memory = MovingTracks(PATIENCE)
        self.highest = 0.0

    def step(self, boxes: Tensor, scores: Tensor, classes: Tensor, embeddings: Tensor) -> Tensor:
        frame, values = Frame(boxes, classes), scores.tolist()
        self.highest = max([self.highest, *values])
        self.memory.predict()
        for high, least in ((True, LEAST), (False, LEAST_LOW)):
            rows = [row for row in frame.left if (values[row] >= HIGH * self.highest) == high]
            tracks = [track for track in self.memory.tracks if track.missed]
            if not high:  # as in the original, long lost tracks wait for a high score
                tracks = [track for track in tracks if track.missed == 1]
            overlaps = frame.overlaps(rows, tracks)
            frame.match(rows, tracks, overlaps, overlaps >= least)
        self.memory.begin(frame, [x for x in frame.left if values[x] >= NEW * self.highest])
        return frame.ids
