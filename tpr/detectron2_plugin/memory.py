"""The frames that a model remembers at test time of the videos that it is shown, frame by frame."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tpr.routing import Frame

Input = Mapping[str, Any]  # of detectron2's models: "image" and more of one picture


class Seen(NamedTuple):
    """The state of a video.

    frame: the latest one, refined; None where it was dropped or is being computed. number: its
    "frame_id", if given. first, latest: checksums of its pictures, where there are no numbers.
    """

    frame: Frame | None
    number: int | None
    first: int | None
    latest: int | None


class VideoMemory:
    """The latest frames of the `videos` videos that were shown last; their frames may be
    interleaved.

    A video begins with the first frame that is seen of it. It begins anew with a "frame_id" not
    above the one before or, without such numbers, when its first picture comes again.
    """

    def __init__(self, videos: int) -> None:
        self.videos = videos
        self.seen: dict[Hashable, Seen] = {}  # the one shown last comes last

    def reference(self, entry: Input) -> Frame | None:
        """The frame before that of an input (a batch of one), whose video then counts as shown
        last.

        None for a single image and where a video begins.
        """
        video = video_of(entry)
        if video is None:
            return None
        number = entry.get("frame_id")
        picture = checksum(entry.get("image")) if number is None else None
        before = self.seen.pop(video, None)
        if before is None or begins_anew(before, number, picture):
            self.seen[video] = Seen(None, number, picture, picture)
            return None
        self.seen[video] = before._replace(frame=None, number=number, latest=picture)
        if before.frame is None:
            warnings.warn(
                f"video {video!r} goes on without its frame before: more than {self.videos} videos "
                "take turns (MODEL.TPR.VIDEOS, or `videos` of tpr_behind)",
                stacklevel=2,
            )
        return before.frame

    def keep(self, entry: Input, frame: Frame) -> None:
        """Remembers the refined frame of an input, a batch of one, if that belongs to a video."""
        video = video_of(entry)
        if video is not None:
            self.seen[video] = self.seen[video]._replace(frame=frame)

    def forget_old(self, least: int) -> None:
        """Drops the frames of all but the latest videos, at least so many."""
        for video in list(self.seen)[: -max(self.videos, least)]:
            self.seen[video] = self.seen[video]._replace(frame=None)


def video_of(entry: Input) -> Hashable | None:
    """The input's "video_id", as a number where a loader made a tensor of it."""
    video = entry.get("video_id")
    return video.item() if isinstance(video, Tensor) else video


def begins_anew(seen: Seen, number: int | None, picture: int | None) -> bool:
    """Whether a frame shows a video, which was seen before, from its beginning."""
    if number is not None and seen.number is not None:
        return number <= seen.number
    # A first picture that is merely repeated, as in a still scene, begins nothing.
    return picture is not None and picture == seen.first != seen.latest


def checksum(picture: Tensor | None) -> int | None:
    """Checksum of a picture's bytes."""
    if picture is None:
        return None
    return zlib.crc32(picture.detach().cpu().contiguous().view(torch.uint8).numpy().data)


def turns(batch: Sequence[Input]) -> list[list[int]]:
    """Rows of a batch in groups that can be refined together: one frame of each video at a time.

    Raises ValueError for two inputs of one video whose order is not given by "frame_id".
    """
    order: dict[int, list[int]] = {}
    last: dict[Hashable, tuple[int, int | None]] = {}  # of each video the turn, the frame's number
    for row, entry in enumerate(batch):
        video, number = video_of(entry), entry.get("frame_id")
        turn = 0
        if video is not None and video in last:
            turn, before = last[video]
            if number is None or before is None or number <= before:
                raise ValueError(
                    f"two inputs of one batch are of video {video!r}: give its frames one after "
                    'the other, or a rising "frame_id" (augmented pictures: no "video_id")'
                )
            turn += 1
        last[video] = turn, number
        order.setdefault(turn, []).append(row)
    return list(order.values())
