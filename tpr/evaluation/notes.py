"""Circumstances, found during an evaluation, in which a number does not mean what it seems to."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tpr.data.findings import Tally
from tpr.data.json_input import shown
from tpr.data.records import Category, Track, Video
from tpr.evaluation.masks import Masks
from tpr.evaluation.matching import IOU_THRESHOLDS


class Sides(NamedTuple):
    """Findings in the ground truth and in the results, kept separately."""

    truth: Tally
    results: Tally

    def of(self, track: Track) -> Tally:
        return self.truth if track.score is None else self.results


def note_masks(sides: Sides, tracks: Sequence[Track], masks: Masks, video: Video) -> None:
    """Tracks of a video without masks, and masks that are not of its size."""
    for row in np.flatnonzero(masks.mean_areas == 0):
        track = tracks[int(row)]
        kind = "track without a mask" if track.score is None else "result without a mask"
        sides.of(track).add(kind, track.name)
    if not video.width:
        return
    other = masks.table[masks.table["size"] != (video.height << 32) + video.width]
    rows, numbers = np.unique(other["row"], return_counts=True)
    for row, number in zip(rows, numbers, strict=True):
        track, first = tracks[int(row)], other[other["row"] == row][0]
        found = int(first["size"])
        place = (
            f"{track.name}, frame {first['frame']}: {[found >> 32, found & (2**32 - 1)]}, but the "
            f"video is {[video.height, video.width]} (height, width)"
        )
        kind = "mask of another size than its video"
        sides.of(track).add(kind, place, int(number))


def note_limit(sides: Sides, results: Sequence[Track], ranks: np.ndarray, limit: int) -> None:
    """Predictions beyond the most that count in a video and category."""
    beyond = np.flatnonzero(ranks >= limit)
    if len(beyond):
        kind = "result beyond those that count in its video and category"
        place = f"{results[int(beyond[0])].name}: {limit} with a higher score count"
        sides.results.add(kind, place, len(beyond))


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
    best: dict[int, float],
) -> None:
    """Evaluated categories without true tracks, and those in which no result matches one.

    best: by category, the highest IoU of a prediction with a true track.
    """
    real = {track.category_id for track in truths if not track.iscrowd}
    given = real & {track.category_id for track in found}
    if truths and found and not any(best.values()):
        sides.results.add("results that overlap no true track at all", found[0].name, len(found))
    empty = [one for one in categories if one.id not in real]
    unmatched = [
        one for one in categories if one.id in given and best.get(one.id, 0.0) < IOU_THRESHOLDS[0]
    ]
    for tally, kind, ones in (
        (sides.truth, "category without true tracks", empty),
        (sides.results, "category with results of which none matches", unmatched),
    ):
        if ones:
            place = f"category {shown(ones[0].id)} ({shown(ones[0].name)})"
            tally.add(kind, place, len(ones))
