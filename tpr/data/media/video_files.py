"""Video files, frame by frame, whatever their name, damage, rate or display matrix. Needs PyAV.

Files are handed to ffmpeg opened: a name such as concat:x.mp4 or cam%03d.mp4 is never taken for a
protocol or a pattern, and a file that names others (a playlist) opens none of them. Frames of more
than about 268 million pixels are refused by ffmpeg itself.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.sidedata.sidedata import Type
from av.stream import Disposition

from tpr.data.media.orientation import AS_STORED, Orientation, of_display_matrix
from tpr.data.media.pictures import check_regular
from tpr.file_heads import other_kind_of

AGREES = 0.05  # a header's rate is believed if timestamps say the same within this share
TEXT = "tty"  # ffmpeg's format of .txt and .nfo
MOST_RATE = 1000  # frames a second; above it, and at it, a header states its clock, not a rate


class Timing(NamedTuple):
    """The timing of a video by its packets: `length` frames, and how many more its header
    announces."""

    length: int
    rate: Fraction | None  # frames a second
    missing: int


@dataclass
class Losses:
    """What one pass through a file could not decode."""

    packets: int = 0
    damaged: int = 0  # packets that arrived incomplete; decoded all the same where that is possible
    frames: int = 0  # shown, but with damage
    broken_off: bool = False

    def notes(self, path: Path) -> list[str]:
        texts = {
            "packets that could not be decoded, left out": self.packets,
            "incomplete packets": self.damaged,
            "frames shown with damage": self.frames,
        }
        found = [f"{text}: {number}" for text, number in texts.items() if number]
        found += ["nothing can be read from some place on"] if self.broken_off else []
        return [f"{path}: damaged; {', '.join(found)}"] if found else []


def decoded(path: Path, losses: Losses) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 RGB of the first video stream, turned as its display matrix says.

    Packets that cannot be decoded are counted in `losses` and passed over. Raises ValueError in one
    line for what is no video at all.
    """
    for picture, orientation in _stored(path, losses):
        yield picture if orientation == AS_STORED else orientation.upright(picture)


def _stored(path: Path, losses: Losses) -> Iterator[tuple[np.ndarray, Orientation]]:
    with _opened(path) as (container, stream):
        for packet in _packets(container, stream, losses):
            losses.damaged += packet.is_corrupt
            try:
                frames = packet.decode()
            except FFmpegError:
                losses.packets += 1
                continue
            for frame in frames:
                losses.frames += frame.is_corrupt
                yield frame.to_ndarray(format="rgb24"), _orientation(frame)


def _packets(
    container: InputContainer, stream: av.VideoStream, losses: Losses
) -> Iterator[av.Packet]:
    """All packets, up to the place where the container can be read no further."""
    try:
        yield from container.demux(stream)
    except FFmpegError:
        losses.broken_off = True


def _orientation(frame: av.VideoFrame) -> Orientation:
    matrix = frame.side_data.get(Type.DISPLAYMATRIX.name)
    return AS_STORED if matrix is None else of_display_matrix(struct.unpack("=9i", bytes(matrix)))


def timing(path: Path) -> Timing:
    """Reads all packets, which takes little beside decoding them."""
    with _opened(path) as (container, stream):
        packets = _packets(container, stream, Losses())
        stamps = [p.dts if p.pts is None else p.pts for p in packets if p.size]
        unit = stream.time_base or Fraction(0)
        times = sorted(stamp * unit for stamp in stamps if stamp is not None)
        header = stream.average_rate or stream.guessed_rate
        rate = _rate(times, header)
        end = _announced_end(container, stream)
        missing = max((stream.frames or 0) - len(stamps), _missing(times, end), 0)
        return Timing(len(stamps), rate, missing)


def _announced_end(container: InputContainer, stream: av.VideoStream) -> Fraction | None:
    """When the stream ends as the header says, in seconds; None if it does not say so."""
    if stream.duration and stream.time_base:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base
    alone = len(container.streams) == 1  # else it may be another stream that lasts longer
    return Fraction(container.duration, 10**6) if alone and container.duration else None


def _rate(times: list[Fraction], header: Fraction | None) -> Fraction | None:
    """The header's frame rate where the timestamps, which are rounded, agree; else their mean
    rate."""
    header = header if header and 0 < header < MOST_RATE else None
    if len(times) < 2 or times[0] == times[-1]:
        return header
    measured = (len(times) - 1) / (times[-1] - times[0])
    return header if header and abs(header / measured - 1) < AGREES else measured


def _missing(times: list[Fraction], end: Fraction | None) -> int:
    """Frames between the last one and the announced end, unless a step before was as long."""
    if end is None or len(times) < 2 or times[0] == times[-1]:
        return 0
    longest = max(b - a for a, b in pairwise(times))
    step = (times[-1] - times[0]) / (len(times) - 1)
    gap = end - times[-1]
    return round(gap / step) - 1 if gap > longest * Fraction(3, 2) else 0


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, av.VideoStream]]:
    """The container and its first video stream that is not a cover picture.

    Whatever PyAV raises for the file, here or in the block, becomes a ValueError.
    """
    check_regular(path)
    options = {"protocol_whitelist": "none"}
    try:
        with (
            path.open("rb") as file,
            av.open(file, "r", options=options, metadata_errors="replace") as container,
        ):
            if container.format.name == TEXT:
                raise _UnusableError(f"{path}: a text, which ffmpeg would show as a terminal does")
            yield container, _video_stream(path, container)
    except _UnusableError as error:
        raise ValueError(str(error)) from None
    except Exception as error:  # damaged files make ffmpeg and PyAV raise nearly anything
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        text = f"not a video that ffmpeg reads, or broken off before its index ({reason})"
        if other := other_kind_of(path):
            text = f"{other.what}, not a video: {other.fix}"
        raise ValueError(f"{path}: {text}") from None


class _UnusableError(Exception):
    """A sound file that is nevertheless of no use here."""


def _video_stream(path: Path, container: InputContainer) -> av.VideoStream:
    streams = [
        one for one in container.streams.video if not one.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise _UnusableError(f"{path}: has no video stream")
    return streams[0]
