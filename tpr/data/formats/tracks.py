"""Objects gathered frame by frame to tracks, and videos to a YouTube-VIS record."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tpr.data.findings import Report
from tpr.data.rle import encode
from tpr.data.segmentation import decode


class Part(NamedTuple):
    """An object in a frame, or a part of it: `name` tells the object from the video's others."""

    name: Hashable
    label: str
    mask: np.ndarray  # (H, W) bool
    crowd: bool = False


@dataclass
class VideoTracks:
    """The tracks of a video of `names` (its frames) and `size` (height, width), by name."""

    names: list[str]
    size: tuple[int, int]
    tracks: dict[Hashable, dict[str, Any]] = field(default_factory=dict)

    def add(self, t: int, part: Part, where: str, report: Report) -> None:
        """Takes an object's mask in frame `t`; parts of one object there are joined."""
        new = {"label": part.label, "iscrowd": int(part.crowd)}
        new["segmentations"] = [None] * len(self.names)
        masks = self.tracks.setdefault(part.name, new)["segmentations"]
        if masks[t] is None:
            masks[t] = encode(part.mask)
        else:
            report("object in several parts", where)
            masks[t] = encode(decode(masks[t], *self.size) | part.mask)

    def labels(self) -> set[str]:
        return {track["label"] for track in self.tracks.values()}


def record_of(videos: Sequence[VideoTracks], categories: Sequence[str]) -> dict:
    """Ids from 1, of videos and of tracks in the order given, of categories in theirs."""
    ids = {name: place for place, name in enumerate(categories, 1)}
    listed, annotations = [], []
    for number, video in enumerate(videos, 1):
        height, width = video.size
        size = {"height": height, "width": width, "length": len(video.names)}
        listed.append({"id": number, **size, "file_names": video.names})
        for track in video.tracks.values():
            own = {key: track[key] for key in ("iscrowd", "segmentations")}
            own |= {"video_id": number, "category_id": ids[track["label"]]}
            annotations.append({"id": len(annotations) + 1, **own})
    named = [{"id": place, "name": name} for name, place in ids.items()]
    return {"videos": listed, "categories": named, "annotations": annotations}
