"""The reader of results files, as the YouTube-VIS and OVIS servers take them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tpr.data.annotations import Annotations, report_lengths, segmentations_of
from tpr.data.findings import Report
from tpr.data.json_input import Source, integer, load, naming, number, shown
from tpr.data.records import Track

WRAPPERS = ("annotations", "results", "predictions")  # keys that programs put a list of results at


def read_results(source: Source, annotations: Annotations, report: Report) -> list[Track]:
    """Predictions in file order; what is odd is reported by kind and read all the same.

    Raises ValueError for what the public API refuses, too: no list, broken entries, results of
    unknown videos. FileNotFoundError.
    """
    record = load(source)
    with naming(source):
        return _predictions(record, annotations, report)


def _predictions(record: Any, annotations: Annotations, report: Report) -> list[Track]:
    if not isinstance(record, list):
        raise ValueError(not_a_list(record))
    tracks = [parse_result(entry, place) for place, entry in enumerate(record)]
    if not tracks:
        report("no results", "the list is empty")
    strangers = [track for track in tracks if track.video_id not in annotations.videos]
    if strangers:
        first = strangers[0]
        raise ValueError(
            f"{first.name}: video {shown(first.video_id)} is not in the ground truth "
            f"({len(strangers)} of {len(tracks)} results are of such videos)"
        )
    for track in tracks:
        _report_oddities(track, annotations, report)
    _report_repeated(tracks, report)
    return tracks


def not_a_list(record: Any) -> str:
    """For results that are no list: what they are, and what to do."""
    fix = "a results.json is a list"
    if isinstance(record, dict):
        wrapped = [key for key in WRAPPERS if isinstance(record.get(key), list)]
        if "videos" in record:
            fix = "they are an annotation file"
        elif wrapped:
            fix = f'write the list at "{wrapped[0]}" alone to the file'
    return f"results are not a list of objects ({fix})"


def parse_result(entry: Any, place: int) -> Track:
    """One entry; `place` is its index in the list. ValueError naming the entry."""
    where = f"result {place}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is {shown(entry)}, not an object")
    video = integer(entry, "video_id", where)
    where = f"{where} (video {shown(video)})"
    category = integer(entry, "category_id", where)
    score = number(entry, "score", where)
    return Track(place, video, category, segmentations_of(entry, where), score=score)


def first_not_compressed(track: Track) -> tuple[int, str] | None:
    """The first frame whose mask is a run list or polygons, which no server reads, and which."""
    counts = [s.get("counts") if type(s) is dict else s for s in track.segmentations]
    if list not in {*map(type, counts)}:
        return None
    for frame, segmentation in enumerate(track.segmentations):
        if isinstance(segmentation, list) and segmentation:
            return frame, "polygons, not compressed RLE"
        if isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), list):
            return frame, "RLE counts are a list, not compressed RLE"
    return None


def _report_repeated(tracks: list[Track], report: Report) -> None:
    """Results that stand twice, as where processes that shared the videos each wrote the last."""
    alike: defaultdict[tuple, list[Track]] = defaultdict(list)
    for track in tracks:
        alike[track.video_id, track.category_id, track.score].append(track)
    for group in alike.values():
        seen: set[str] = set()
        for track in group if len(group) > 1 else ():
            masks = repr(track.segmentations)
            if masks in seen:
                report("result twice", track.name)
            seen.add(masks)


def _report_oddities(track: Track, annotations: Annotations, report: Report) -> None:
    if track.category_id not in annotations.categories:
        place = f"{track.name}: category {shown(track.category_id)}"
        report("result of an unknown category", place)
    video = annotations.videos[track.video_id]
    if video.length:
        report_lengths(track, video, report)
    if found := first_not_compressed(track):
        place = f"{track.name}, frame {found[0]}: {found[1]}"
        report("result with masks that are not compressed RLE", place)
