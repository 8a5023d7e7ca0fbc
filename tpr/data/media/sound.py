"""The sound of a video file, copied packet by packet. Needs PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError

MP4 = "mp4"


class Sound:
    """The first audio stream of a video file, if it has one that an .mp4 file holds as it is; a
    context manager.

    notes: a line on sound that could not be copied. Times are seconds from the video's first frame.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.notes = path, list[str]()
        self.stream: av.AudioStream | None = None
        self.target: av.AudioStream | None = None
        self.opened = ExitStack()
        try:
            # as in `tpr.data.media.video_files`: no name is a protocol, no file opens others
            file = self.opened.enter_context(path.open("rb"))
            options = {"protocol_whitelist": "none"}
            container = self.opened.enter_context(
                av.open(file, "r", options=options, metadata_errors="replace")
            )
            self.stream = container.streams.audio[0] if container.streams.audio else None
            video = container.streams.video[0]
            self.start = (video.start_time or 0) * (video.time_base or Fraction(0))
            self.packets = self._packets(container)
        except (FFmpegError, IndexError):  # what is wrong with it is told by who reads its frames
            self.stream = None
        self.waiting: av.Packet | None = None

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *problem: object) -> None:
        self.opened.close()

    def begin(self, container: OutputContainer) -> None:
        """Adds the stream to a file, before any frame is written."""
        if self.stream is None:
            return
        context = self.stream.codec_context
        name = context.codec.canonical_name if context else "unknown"
        if name not in container.supported_codecs:
            self._leave_out(f"{MP4} does not take {name}")
            return
        try:
            self.target = container.add_stream_from_template(self.stream)
        except (FFmpegError, ValueError) as error:
            self._leave_out(str(error))

    def copy(self, container: OutputContainer, until: Fraction) -> None:
        """Writes the packets that begin before a time."""
        while self.target is not None:
            packet = self.waiting or next(self.packets, None)
            self.waiting = packet
            if packet is None or packet.pts is None:
                return
            time = packet.pts * packet.time_base - self.start
            if time >= until:
                return
            self.waiting = None
            if time < 0:  # before the first frame
                continue
            shift = round(self.start / packet.time_base)
            packet.pts -= shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = self.target
            try:
                container.mux(packet)
            except FFmpegError as error:
                self._leave_out(f"broken off at {float(until):.1f} s: {error.strerror}")

    def _packets(self, container: InputContainer) -> Iterator[av.Packet]:
        """Those with a time, up to where the file can be read no further."""
        try:
            for packet in container.demux(self.stream) if self.stream else ():
                if packet.size and packet.pts is not None:
                    yield packet
        except FFmpegError as error:
            self.notes.append(f"{self.path}: its sound is damaged ({error.strerror})")

    def _leave_out(self, reason: str) -> None:
        self.target = None
        self.notes.append(f"{self.path}: its sound is left out ({reason})")
