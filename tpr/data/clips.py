"""Video files and folders of pictures, frame by frame, and video files to write. Needs PyAV.

Frames are uint8 RGB arrays (H, W, 3); one is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tpr.data.media.folders import PICTURES, list_files
from tpr.data.media.pictures import picture_size, read_picture

FOLDER_RATE = Fraction(10)  # frames a second of a folder of pictures


@dataclass(frozen=True)
class Clip:
    """A video to read. `length` is what its header says, None where that says nothing."""

    path: Path
    height: int
    width: int
    rate: Fraction  # frames a second
    length: int | None
    notes: Sequence[str] = ()  # on what was left out

    def frames(self) -> Iterator[np.ndarray]:
        """All frames, of the first one's size. ValueError where one cannot be read."""
        folder = self.path.is_dir()
        source = map(read_picture, list_files(self.path).paths) if folder else decoded(self.path)
        for picture in source:
            if picture.shape[:2] != (self.height, self.width):
                picture = cv2.resize(picture, (self.width, self.height))
            yield picture


def open_clip(path: Path) -> Clip:
    """A video file or a folder of pictures, which are shown in the natural order of their names.

    Raises FileNotFoundError or ValueError in one line.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such video or folder")
    if path.is_dir():
        listing = list_files(path)
        if not listing.paths:
            raise ValueError(f"{path}: holds no pictures ({', '.join(PICTURES)})")
        size = picture_size(listing.paths[0])
        return Clip(path, *size, FOLDER_RATE, len(listing.paths), listing.notes(path))
    first = next(decoded(path), None)
    if first is None:
        raise ValueError(f"{path}: holds no frame that can be decoded")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate or FOLDER_RATE
        return Clip(path, *first.shape[:2], Fraction(rate), stream.frames or None)


def decoded(path: Path) -> Iterator[np.ndarray]:
    """Frames of the first video stream, turned as its display matrix says."""
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ValueError(f"{path}: has no video stream")
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                picture = frame.to_ndarray(format="rgb24")
                yield np.ascontiguousarray(np.rot90(picture, round(frame.rotation / 90)))
    except av.error.FFmpegError as error:
        raise ValueError(f"{path}: not a video that ffmpeg reads ({error.strerror})") from None


class Writer:
    """An H.264 file that every player shows; a context manager."""

    def __init__(self, path: Path, rate: Fraction) -> None:
        self.container = av.open(str(path), "w", format="mp4")
        self.rate = rate.limit_denominator(60000)
        self.stream: av.VideoStream | None = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *problem: object) -> None:
        if self.stream is not None and problem[0] is None:
            self.container.mux(self.stream.encode())
        self.container.close()

    def write(self, picture: np.ndarray) -> None:
        """Appends a frame (H, W, 3), whose sides are padded to even ones as H.264 needs."""
        height, width = picture.shape[:2]
        if self.stream is None:
            self.stream = self.container.add_stream("libx264", rate=self.rate)
            self.stream.width, self.stream.height = width + width % 2, height + height % 2
            self.stream.pix_fmt, self.stream.options = "yuv420p", {"crf": "20"}
        padded = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(padded, format="rgb24")
        self.container.mux(self.stream.encode(frame))
