"""Single frames as videos of one frame, to evaluate masks without tracks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tpr.data.annotations import Annotations
from tpr.data.records import Track, Video
from tpr.data.segmentation import is_missing

Frames = dict[tuple[int, int], int]  # (video id, frame) -> id of its one-frame video


def as_frames(
    truth: Annotations, results: Sequence[Track]
) -> tuple[Annotations, list[Track], Frames]:
    """Ground truth and results, in which a track is one object a frame where it has a mask; a
    prediction's frames all have its score. Frames are those that a video says it has."""
    longest = max((len(track.segmentations) for track in (*truth.tracks, *results)), default=0)
    ids: Frames = {}
    videos: dict[int, Video] = {}
    for video in truth.videos.values():
        for frame in range(min(video.length, longest)):
            ids[video.id, frame] = number = len(ids) + 1
            videos[number] = Video(number, video.width, video.height, 1, ())
    truths = list(_objects(truth.tracks, ids))
    single = Annotations(videos, truth.categories, truths, truth.annotated)
    return single, list(_objects(results, ids)), ids


def _objects(tracks: Iterable[Track], ids: Frames) -> Iterator[Track]:
    """One track a frame with a mask, numbered from 1; frames beyond a video's end are dropped."""
    number = 0
    for track in tracks:
        for frame, mask in enumerate(track.segmentations):
            if not is_missing(mask) and (track.video_id, frame) in ids:
                number += 1
                video = ids[track.video_id, frame]
                yield replace(track, id=number, video_id=video, segmentations=[mask], areas=None)
