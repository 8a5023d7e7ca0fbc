"""Reader of YouTube-VIS and OVIS annotation files and their frames."""

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tpr.data.annotations import read_annotations
from tpr.data.findings import KINDS, Note, Tally
from tpr.data.frames import read_image
from tpr.data.json_input import read_json, shown
from tpr.data.records import Category, Track, Video
from tpr.data.segmentation import decode, is_missing

__all__ = ["Category", "FrameInstances", "Track", "Video", "YouTubeVIS", "tight_box"]


@dataclass(frozen=True)
class FrameInstances:
    """The N objects with a mask in one frame, in file order."""

    track_ids: np.ndarray  # (N,) int64
    classes: np.ndarray  # (N,) int64, contiguous from 0
    boxes: (
        np.ndarray
    )  # (N, 4) float32 x0, y0, x1, y1 in pixels, tight around the mask, ends excluded
    masks: np.ndarray  # (N, H, W) bool
    iscrowd: np.ndarray  # (N,) bool


class YouTubeVIS:
    """A YouTube-VIS JSON file and the folder that its ``file_names`` are relative to.

    ``record`` is the file's content for those who have read it, or would write it there.
    ``follow_links``: whether links may lead to pictures outside that folder. Heights and widths are
    those of upright pictures, turned as their EXIF says.

    Everything but masks and images is checked on construction, those when they are read; defects
    raise ValueError or FileNotFoundError with one line that names the place. What is odd but does
    no harm is counted in ``notes``. A file whose ``annotations`` are null or missing (validation
    sets) has videos without tracks.
    """

    def __init__(
        self,
        json_path: str | os.PathLike,
        frame_root: str | os.PathLike,
        record: Any = None,
        *,
        follow_links: bool = False,
    ):
        self.path, self.frame_root = Path(json_path), Path(frame_root)
        self.follow_links = follow_links
        record = read_json(self.path) if record is None else record
        if not self.frame_root.is_dir():
            raise FileNotFoundError(f"{self.frame_root}: no such folder of frames")
        tally = Tally()

        def report(kind: str, where: str) -> None:
            if not KINDS[kind].usable:
                raise ValueError(where)
            tally.add(kind, where)

        try:
            self.annotations = read_annotations(record, report, self.frame_root)
            self._tracks = _by_video(self.annotations.tracks)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None
        self.notes: list[Note] = tally.notes()
        self.videos: list[Video] = list(self.annotations.videos.values())
        found = self.annotations.categories.values()
        self.categories: list[Category] = sorted(found, key=lambda category: category.id)
        self.category_index = {category.id: i for i, category in enumerate(self.categories)}

    def __len__(self) -> int:
        return len(self.videos)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of the JSON file."""
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def tracks(self, video: Video) -> list[Track]:
        """The video's tracks in file order; boxes and areas missing there come from the masks."""
        return [self._completed(track, video) for track in self._tracks.get(video.id, [])]

    def read_frame(self, video: Video, t: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB of frame ``t``, upright; ValueError if absent or broken, naming the
        file."""
        self._check_frame(video, t)
        name = video.file_names[t]
        if name is None:
            raise ValueError(f"{self.path}: video {video.id} has no image for frame {t}")
        return read_image(
            self.frame_root, name, video.height, video.width, follow_links=self.follow_links
        )

    def frame_instances(self, video: Video, t: int) -> FrameInstances:
        """Objects whose mask in frame ``t`` is not empty."""
        self._check_frame(video, t)
        tracks = self._tracks.get(video.id, [])
        seen = [(track, self._mask(track, video, t)) for track in tracks]
        seen = [(track, mask) for track, mask in seen if mask is not None and mask.any()]
        masks = [mask for _, mask in seen]
        return FrameInstances(
            np.array([track.id for track, _ in seen], dtype=np.int64),
            np.array([self.category_index[track.category_id] for track, _ in seen], dtype=np.int64),
            np.array([tight_box(mask) for mask in masks], dtype=np.float32).reshape(-1, 4),
            np.array(masks, dtype=bool).reshape(-1, video.height, video.width),
            np.array([track.iscrowd for track, _ in seen], dtype=bool),
        )

    def _check_frame(self, video: Video, t: int) -> None:
        if not 0 <= t < video.length:
            raise ValueError(f"{self.path}: video {video.id} has no frame {t} of {video.length}")

    def _mask(self, track: Track, video: Video, t: int) -> np.ndarray | None:
        if is_missing(track.segmentations[t]):
            return None
        try:
            return decode(track.segmentations[t], video.height, video.width)
        except ValueError as error:
            where = f"{self.path}: annotation {track.id}, frame {t}"
            raise ValueError(f"{where}: {error}") from None

    def _completed(self, track: Track, video: Video) -> Track:
        """Fill boxes and areas of frames that have a mask but lack them."""
        nothing = (None,) * video.length
        boxes, areas = list(track.bboxes or nothing), list(track.areas or nothing)
        for t, segmentation in enumerate(track.segmentations):
            if is_missing(segmentation) or (boxes[t] is not None and areas[t] is not None):
                continue
            mask = self._mask(track, video, t)  # None where it is missing only
            areas[t] = (
                float(mask.sum())  # pyright: ignore[reportOptionalMemberAccess]
                if areas[t] is None
                else areas[t]
            )
            if boxes[t] is None and mask.any():  # pyright: ignore[reportOptionalMemberAccess]
                x0, y0, x1, y1 = tight_box(mask)  # pyright: ignore[reportArgumentType]
                boxes[t] = (x0, y0, x1 - x0, y1 - y0)
        segmentations = tuple(None if is_missing(s) else s for s in track.segmentations)
        return replace(track, segmentations=segmentations, bboxes=tuple(boxes), areas=tuple(areas))


def _by_video(tracks: list[Track]) -> dict[int, list[Track]]:
    found: dict[int, list[Track]] = defaultdict(list)
    for track in tracks:
        if not -(2**63) <= track.id < 2**63:
            raise ValueError(f"annotation {shown(track.id)}: the id does not fit in 64 bits")
        found[track.video_id].append(track)
    return found


def tight_box(mask: np.ndarray) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 around a non-empty (H, W) bool mask; x1 and y1 are one past the last pixel."""
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
