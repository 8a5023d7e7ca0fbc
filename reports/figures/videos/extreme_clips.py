"""The clips that a pair of runs differs on most, and what the page's viewer shows of them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reports.figures.videos.gate_play import GateMaps
from reports.figures.videos.paired_runs import Pair
from reports.figures.videos.picture_cells import Maps, coloured
from reports.numbers import number, signed
from reports.statistics.confidence import Array
from tpr.data.findings import Tally
from tpr.data.media.picture_writer import encode_image
from tpr.data.records import Track
from tpr.data.results import read_results
from tpr.data.youtube_vis import Video, YouTubeVIS
from tpr.drawing.tracks import DrawnTrack
from tpr.evaluation import evaluate

MIN_SCORE = 0.3
FRAME_WIDTH = 320  # pixels; generated frames are smaller


@dataclass(frozen=True)
class Clip:
    """A validation video with its AP (in percent) under the weaker and the stronger run."""

    index: int
    why: str
    ap: tuple[float, float]

    @property
    def words(self) -> str:
        gain = signed(self.ap[1] - self.ap[0])
        return f"{self.why}: AP {number(self.ap[0])} and {number(self.ap[1])}, {gain}"


def predictions(pair: Pair, dataset: YouTubeVIS) -> dict[str, list[Track]]:
    """The tracks of both runs, by run."""
    paths = zip(pair.runs, pair.results, strict=True)
    return {run: read_results(path, dataset.annotations, Tally().add) for run, path in paths}


def extreme_clips(pair: Pair) -> list[Clip]:
    """The video with the largest gain in AP and that with the largest loss, the first of equals."""
    aps: list[Array] = []
    for results in pair.results:
        found = evaluate(pair.videos / "val.json", results)
        aps.append(100 * found.weighted(np.eye(len(found.video_ids), dtype=np.int64)))
    both = np.stack(aps)  # (2, V), negative where a video has no true track
    gain = np.where((both >= 0).all(axis=0), both[1] - both[0], 0.0)
    best, worst = int(np.argmax(gain)), int(np.argmin(gain))
    chosen = [(best, "largest gain"), (worst, "largest loss")]
    return [Clip(i, why, (float(both[0, i]), float(both[1, i]))) for i, why in chosen]


def clip_data(
    dataset: YouTubeVIS,
    clip: Clip,
    tracks: dict[str, Sequence[DrawnTrack]],
    maps: GateMaps,
) -> dict[str, Any]:
    """One clip for the viewer: frames and gate maps as data URIs, tracks as outlines by name."""
    video = dataset.videos[clip.index]
    present = [t for t in range(video.length) if video.file_names[t] is not None]
    return {
        "title": f"Video {video.id}, {clip.words}",
        "width": video.width,
        "height": video.height,
        "frames": [_frame(dataset, video, t) for t in present],
        "tracks": {name: [_outlines(each, t) for t in present] for name, each in tracks.items()},
        "gates": [{name: _map(one) for name, one in maps.get(t, {}).items()} for t in present],
    }


def _frame(dataset: YouTubeVIS, video: Video, t: int) -> str:
    picture = dataset.read_frame(video, t)
    if picture.shape[1] > FRAME_WIDTH:
        size = (FRAME_WIDTH, round(picture.shape[0] * FRAME_WIDTH / picture.shape[1]))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return _uri("jpeg", encode_image(picture, ".jpg"))


def _map(gate: Maps) -> str:
    """(H, W) in [0, 1] as a heat map, one pixel for each position."""
    return _uri("png", encode_image(coloured(gate), ".png"))


def _uri(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _outlines(tracks: Sequence[DrawnTrack], t: int) -> list[dict[str, str]]:
    """Tracks seen in a frame: colour, label and an SVG path in the video's pixels."""
    return [
        {
            "colour": "#{:02x}{:02x}{:02x}".format(*track.colour),
            "label": track.label,
            "path": path(mask),
        }
        for track in tracks
        if (mask := track.masks[t]) is not None and mask.any()
    ]


def path(mask: NDArray[np.bool_]) -> str:
    """Outline of a mask (H, W) bool, holes included (fill rule evenodd)."""
    wide = cv2.resize(mask.astype(np.uint8), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    found, _ = cv2.findContours(wide, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    lines = [cv2.approxPolyDP(one, 1.0, True)[:, 0] for one in found]
    parts = ["L".join(f"{(x + 0.5) / 2:g} {(y + 0.5) / 2:g}" for x, y in one) for one in lines]
    return "".join(f"M{part}Z" for part in parts)
