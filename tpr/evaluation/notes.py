"""What makes a number mean something else than it seems to, found while it is computed."""

from collections.abc import Iterable, Sequence

import numpy as np

from tpr.data.findings import Tally
from tpr.data.json_input import shown
from tpr.data.records import Category, Track, Video
from tpr.evaluation.masks import Masks
from tpr.evaluation.matching import IOU_THRESHOLDS

Group = tuple[int, list[Track], list[Track]]  # category, true tracks, predictions


def note_masks(tally: Tally, tracks: Sequence[Track], masks: Masks, video: Video) -> None:
    """Tracks of a video without masks, and masks that are not of its size."""
    for row in np.flatnonzero(~masks.areas.any(axis=1)):
        track = tracks[row]
        kind = "track without a mask" if track.score is None else "result without a mask"
        tally.add(kind, track.name)
    if not video.width:
        return
    size = (video.height << 32) + video.width
    rows, frames = np.nonzero((masks.sizes != size) & (masks.sizes != 0))
    if len(rows):
        found = int(masks.sizes[rows[0], frames[0]])
        place = (
            f"{tracks[rows[0]].name}, frame {frames[0]}: {[found >> 32, found & (2**32 - 1)]}, but "
            f"the video is {[video.height, video.width]} (height, width)"
        )
        tally.add("mask of another size than its video", place, len(rows))


def note_limit(tally: Tally, groups: Iterable[Group], limit: int) -> None:
    """Predictions beyond the most that count in a video and category."""
    for _, _, found in groups:
        if len(found) > limit:
            best = sorted(found, key=lambda track: -track.score)
            kind = "result beyond those that count in its video and category"
            place = f"{best[limit].name}: {limit} with a higher score count"
            tally.add(kind, place, len(found) - limit)


def note_videos(tally: Tally, videos: Iterable[int], tracks: Iterable[Track]) -> None:
    """Evaluated videos that no true track is in."""
    annotated = {track.video_id for track in tracks}
    for video in videos:
        if video not in annotated:
            tally.add("video without tracks", f"video {shown(video)}")


def note_categories(
    tally: Tally,
    categories: Sequence[Category],
    truths: Sequence[Track],
    found: Sequence[Track],
    ious: dict[tuple[int, int], np.ndarray],
) -> None:
    """Evaluated categories without true tracks, and those in which no result matches one.

    ious: by (video, category), IoU (D, G) of predictions with true tracks.
    """
    real = {track.category_id for track in truths}
    given = {track.category_id for track in found}
    best: dict[int, float] = {}
    for (_, category), iou in ious.items():
        best[category] = max(best.get(category, 0.0), iou.max())
    if truths and found and not any(best.values()):
        tally.add("results that overlap no true track at all", found[0].name, len(found))
    for category in categories:
        place = f"category {shown(category.id)} ({shown(category.name)})"
        if category.id not in real:
            tally.add("category without true tracks", place)
        elif category.id in given and best.get(category.id, 0.0) < IOU_THRESHOLDS[0]:
            tally.add("category with results of which none matches", place)
