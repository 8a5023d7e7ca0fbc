"""Videos, folders of pictures and single pictures, frame by frame. Needs PyAV.

Frames are uint8 RGB arrays (H, W, 3), upright; one is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from tpr.data.media.folders import PICTURES, list_files
from tpr.data.media.pictures import page_count, page_rate, picture_size, read_pages, read_picture
from tpr.data.media.video_files import Losses, decoded, timing

FOLDER_RATE = Fraction(10)  # frames a second of a folder of pictures


@dataclass(frozen=True)
class Clip:
    """A video to read. `length` is the number of frames expected, `notes` a line on each thing that
    was left out or changed, those of damage once frames were read."""

    path: Path
    height: int
    width: int
    rate: Fraction  # frames a second
    length: int
    files: tuple[Path, ...] = ()  # of a folder; a file with frames in it has none
    notes: list[str] = field(default_factory=list)

    @property
    def is_video_file(self) -> bool:
        """Whether it is neither a folder of pictures nor a picture."""
        return not (self.files or is_picture(self.path))

    def frames(self) -> Iterator[np.ndarray]:
        """All frames, of the first one's size. ValueError where a picture cannot be read; frames
        of a video file that cannot be decoded are passed over."""
        losses, resized = Losses(), 0
        if self.files:
            source = map(read_picture, self.files)
        else:
            source = read_pages(self.path) if is_picture(self.path) else decoded(self.path, losses)
        try:
            for picture in source:
                if picture.shape[:2] != (self.height, self.width):
                    picture = cv2.resize(picture, (self.width, self.height))
                    resized += 1
                yield picture
        finally:
            self.notes.extend(losses.notes(self.path))
            if resized:
                text = f"frames scaled to the first one's {self.width} x {self.height}"
                self.notes.append(f"{self.path}: {text}: {resized}")


def open_clip(path: Path) -> Clip:
    """A video file, a picture of one or more pages, or a folder of pictures in natural order.

    Raises FileNotFoundError or ValueError in one line.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such video or folder")
    if path.is_dir():
        listing = list_files(path)
        if not listing.paths:
            others = f"; it holds {listing.kinds()}" if listing.left_out else ""
            raise ValueError(f"{path}: holds no pictures ({', '.join(PICTURES)}){others}")
        return of_pictures(path, listing.paths, listing.notes(path))
    if not is_picture(path):
        return of_video(path)
    pages = page_count(path)
    if pages == 1:
        return of_pictures(path, [path], [])
    height, width = picture_size(path)
    return Clip(path, height, width, page_rate(path) or FOLDER_RATE, pages)


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES


def of_pictures(path: Path, files: list[Path], notes: list[str]) -> Clip:
    height, width = picture_size(files[0])
    return Clip(path, height, width, FOLDER_RATE, len(files), tuple(files), notes)


def of_video(path: Path) -> Clip:
    """Looks at the first frame, and at the timestamps of all."""
    first = next(decoded(path, Losses()), None)
    if first is None:
        raise ValueError(f"{path}: holds no frame that can be decoded")
    found = timing(path)
    missing = f"{path}: broken off or damaged; frames announced but missing: {found.missing}"
    notes = [missing] if found.missing else []
    height, width = first.shape[:2]
    return Clip(path, height, width, found.rate or FOLDER_RATE, found.length, notes=notes)
