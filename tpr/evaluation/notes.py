"""What makes a number mean something else than it seems to, found while it is computed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tpr.data.findings import Tally
from tpr.data.json_input import shown
from tpr.data.records import Category, Track, Video
from tpr.evaluation.masks import Masks
from tpr.evaluation.matching import IOU_THRESHOLDS

Group = tuple[int, list[Track], list[Track]]  # category, true tracks, predictions


class Sides(NamedTuple):
    """Findings of the ground truth and those of the results, which are told apart."""

    truth: Tally
    results: Tally

    def of(self, track: Track) -> Tally:
        return self.truth if track.score is None else self.results


def note_masks(sides: Sides, tracks: Sequence[Track], masks: Masks, video: Video) -> None:
    """Tracks of a video without masks, and masks that are not of its size."""
    for row in np.flatnonzero(~masks.areas.any(axis=1)):
        track = tracks[row]
        kind = "track without a mask" if track.score is None else "result without a mask"
        sides.of(track).add(kind, track.name)
    if not video.width:
        return
    size = (video.height << 32) + video.width
    other = (masks.sizes != size) & (masks.sizes != 0)
    for row in np.flatnonzero(other.any(axis=1)):
        track, frame = tracks[row], int(other[row].argmax())
        found = int(masks.sizes[row, frame])
        place = (
            f"{track.name}, frame {frame}: {[found >> 32, found & (2**32 - 1)]}, but the video is "
            f"{[video.height, video.width]} (height, width)"
        )
        kind = "mask of another size than its video"
        sides.of(track).add(kind, place, int(other[row].sum()))


def note_limit(sides: Sides, groups: Iterable[Group], limit: int) -> None:
    """Predictions beyond the most that count in a video and category."""
    for _, _, found in groups:
        if len(found) > limit:
            best = sorted(found, key=lambda track: -track.score)
            kind = "result beyond those that count in its video and category"
            place = f"{best[limit].name}: {limit} with a higher score count"
            sides.results.add(kind, place, len(found) - limit)


def note_videos(
    sides: Sides, videos: Iterable[int], truths: Sequence[Track], found: Sequence[Track]
) -> None:
    """Evaluated videos that no true track is in, and those that only true tracks are in."""
    annotated, given = ({track.video_id for track in side} for side in (truths, found))
    for video in videos:
        if video not in annotated:
            sides.truth.add("video without tracks", f"video {shown(video)}")
        elif found and video not in given:
            sides.results.add("video without results", f"video {shown(video)}")


def note_categories(
    sides: Sides,
    categories: Sequence[Category],
    truths: Sequence[Track],
    found: Sequence[Track],
    ious: dict[tuple[int, int], np.ndarray],
) -> None:
    """Evaluated categories without true tracks, and those in which no result matches one.

    ious: by (video, category), IoU (D, G) of predictions with true tracks.
    """
    real = {track.category_id for track in truths if not track.iscrowd}
    given = {track.category_id for track in found}
    best: dict[int, float] = {}
    for (_, category), iou in ious.items():
        best[category] = max(best.get(category, 0.0), iou.max())
    if truths and found and not any(best.values()):
        sides.results.add("results that overlap no true track at all", found[0].name, len(found))
    for category in categories:
        place = f"category {shown(category.id)} ({shown(category.name)})"
        if category.id not in real:
            sides.truth.add("category without true tracks", place)
        elif category.id in given and best.get(category.id, 0.0) < IOU_THRESHOLDS[0]:
            sides.results.add("category with results of which none matches", place)
