"""Video files to write. Needs PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from tpr.data.media.sound import Sound

LONGEST_SIDE = 16384  # pixels that the H.264 encoder takes
SLOWEST, FASTEST = Fraction(1, 3600), Fraction(1000)  # frames a second that come back when read


class VideoWriter:
    """An H.264 file that every player shows; a context manager.

    rate: frames a second; beyond 1000, and below one an hour, the nearest of these is taken. sound:
    is copied as far as there are frames. Raises ValueError where the encoder refuses.
    """

    def __init__(self, path: Path, rate: Fraction, sound: Sound | None = None) -> None:
        self.sound, self.count = sound, 0
        self.rate = min(max(rate, SLOWEST), FASTEST).limit_denominator(60000)
        self.stream: av.VideoStream | None = None
        self.opened = ExitStack()
        # opened here: ffmpeg would take a colon in a name for the end of a protocol
        file = self.opened.enter_context(path.open("wb"))
        self.container = self.opened.enter_context(av.open(file, "w", format="mp4"))

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, *problem: object) -> None:
        with encoding(), self.opened:
            if self.stream is not None and problem[0] is None:
                self.container.mux(self.stream.encode())

    def write(self, picture: np.ndarray) -> None:
        """Appends a frame (H, W, 3). H.264 needs even sides: an odd one gets its last row or column
        twice. ValueError as `check_encodable`."""
        height, width = picture.shape[:2]
        if self.stream is None:
            check_encodable(height, width)
            self.stream = self.container.add_stream("libx264", rate=self.rate)
            self.stream.width, self.stream.height = width + width % 2, height + height % 2
            self.stream.pix_fmt, self.stream.options = "yuv420p", {"crf": "20"}
            if self.sound is not None:
                self.sound.begin(self.container)
        padded = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(padded, format="rgb24")
        with encoding():
            self.container.mux(self.stream.encode(frame))
        self.count += 1
        if self.sound is not None:
            self.sound.copy(self.container, self.count / self.rate)


@contextmanager
def encoding() -> Iterator[None]:
    """ValueError for what ffmpeg refuses."""
    try:
        yield
    except FFmpegError as error:
        raise ValueError(f"the video cannot be encoded ({error.strerror})") from None


def check_encodable(height: int, width: int) -> None:
    """ValueError for a frame that H.264 cannot hold."""
    if max(height, width) > LONGEST_SIDE:
        raise ValueError(
            f"the output would be {width} x {height} pixels, but H.264 takes at most "
            f"{LONGEST_SIDE} a side: make the input smaller, or show fewer panels"
        )
