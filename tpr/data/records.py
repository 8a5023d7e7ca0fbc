"""Videos, categories and tracks: what YouTube-VIS files and results files consist of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tpr.data.json_input import shown


@dataclass(frozen=True)
class Category:
    id: int
    name: str


@dataclass(frozen=True)
class Video:
    """Sides and length are 0 where a file that is only evaluated does not say them."""

    id: int
    width: int  # pixels
    height: int
    length: int  # frames
    file_names: tuple[str | None, ...]  # relative to the frame root; None: frame absent


@dataclass(frozen=True)
class Track:
    """One object through a video: an annotation, or a prediction with its score.

    The sequences have an entry (or None) a frame; in files that are only evaluated they may be
    longer or shorter than the video.
    """

    id: int  # of a prediction: its place in the results file
    video_id: int
    category_id: int
    segmentations: Sequence[Any]  # RLE of any kind or polygons, checked when they are decoded
    score: float | None = None  # None: an annotation
    iscrowd: bool = False
    bboxes: Sequence[tuple[float, float, float, float] | None] | None = None  # x, y, width, height
    areas: Sequence[float | None] | None = None  # pixels; None: to be measured from the masks

    @property
    def name(self) -> str:
        """For messages."""
        if self.score is None:
            return f"annotation {shown(self.id)}"
        return f"result {self.id} (video {shown(self.video_id)})"
