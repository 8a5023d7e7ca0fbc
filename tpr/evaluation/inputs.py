"""Ground truth and results of an evaluation, read and checked.

What the reference evaluation computes a number from is taken as it does. Deliberate differences: a
missing ``iscrowd`` means 0, missing ``areas`` are measured from the masks, and what would make the
reference crash or compare NaN is a ValueError that names the entry.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from tpr.data.json_input import entries, integer, number, read_json, shown, unique

Source = str | os.PathLike | dict | list


@dataclass(frozen=True)
class Track:
    """One object through a video: an annotation, or a prediction with its score."""

    name: str  # for messages: "annotation 7", "result 3 (video 1)"
    video: int
    category: int
    segmentations: list  # one entry a frame, checked when masks are measured
    id: int = 1
    score: float = 0.0
    crowd: bool = False
    areas: list | None = None  # pixels or None a frame; None: measure them


@dataclass(frozen=True)
class GroundTruth:
    videos: dict[int, dict]  # id -> the video's record
    categories: dict[int, str]  # id -> name
    tracks: list[Track]
    notes: list[str] = field(default_factory=list)


def load(source: Source) -> Any:
    """The content of a path; anything else as it is."""
    return read_json(source) if isinstance(source, str | os.PathLike) else source


def read_ground_truth(source: Source) -> GroundTruth:
    """YouTube-VIS annotations. A file without the key "annotations" has no tracks."""
    record = load(source)
    if not isinstance(record, dict):
        raise ValueError("ground truth is not an object with videos, categories and annotations")
    if "annotations" in record and record["annotations"] is None:
        raise ValueError(
            'ground truth has "annotations": null, as public validation files have: there is '
            "nothing to evaluate against (the benchmark's server scores such results)"
        )
    videos = {integer(v, "id", "a video"): v for v in _identified(record, "videos", "video")}
    categories = {
        integer(c, "id", "a category"): str(c.get("name") or shown(c["id"]))
        for c in _identified(record, "categories", "category")
    }
    notes: list[str] = []
    if "annotations" not in record:
        notes.append('ground truth has no "annotations": every number is undefined (-1)')
        return GroundTruth(videos, categories, [], notes)
    tracks = [_annotation(a) for a in entries(record, "annotations", "ground truth")]
    last = {track.id: track for track in tracks}
    if len(last) < len(tracks):
        notes.append(
            "ground truth has annotation ids twice: as in the reference, the last one with an id "
            "stands for all of them"
        )
    lost = sum(t.video not in videos or t.category not in categories for t in tracks)
    if lost:
        notes.append(f"{lost} annotations of unknown videos or categories were left out")
    return GroundTruth(videos, categories, tracks, notes)


def read_results(source: Source, ground_truth: GroundTruth) -> tuple[list[Track], list[str]]:
    """Predictions in file order, and notes. Unknown videos are an error, unknown categories not."""
    record = load(source)
    if not isinstance(record, list):
        raise ValueError("results are not a list of objects (a results.json is a list)")
    tracks = [read_result(entry, place) for place, entry in enumerate(record)]
    for track in tracks:
        if track.video not in ground_truth.videos:
            raise ValueError(f"{track.name}: video {shown(track.video)} is not in the ground truth")
    unknown = sum(track.category not in ground_truth.categories for track in tracks)
    notes = [f"{unknown} results of unknown categories were left out"] if unknown else []
    return tracks, notes


def read_result(entry: Any, place: int) -> Track:
    """One entry of results.json; ``place`` is its index there. ValueError naming the entry."""
    where = f"result {place}"
    if not isinstance(entry, dict):
        raise ValueError(f"{where} is {shown(entry)}, not an object")
    video = integer(entry, "video_id", where)
    where = f"{where} (video {shown(video)})"
    category = integer(entry, "category_id", where)
    score = number(entry, "score", where)
    segmentations = _segmentations(entry, where)
    _check_compressed(segmentations, where)
    return Track(where, video, category, segmentations, score=score)


def _check_compressed(segmentations: list, where: str) -> None:
    """Refuse what neither the reference nor a server reads: polygons and run lists."""
    counts = [one.get("counts") if type(one) is dict else one for one in segmentations]
    if list not in {*map(type, counts)}:
        return
    for frame, segmentation in enumerate(segmentations):
        if not segmentation:
            continue
        if isinstance(segmentation, list):
            raise ValueError(f"{where}, frame {frame}: polygons, not compressed RLE")
        if isinstance(segmentation, dict) and isinstance(segmentation.get("counts"), list):
            raise ValueError(f"{where}, frame {frame}: RLE counts are a list, not compressed RLE")


def _identified(record: dict, key: str, what: str) -> list[dict]:
    found = entries(record, key, "ground truth")
    ids = [
        integer(entry, "id", f"ground truth, {what} {place}") for place, entry in enumerate(found)
    ]
    unique(ids, f'ground truth: "{key}"')
    return found


def _annotation(entry: dict) -> Track:
    where = "an annotation"
    name = integer(entry, "id", where)
    where = f"annotation {shown(name)}"
    video = integer(entry, "video_id", where)
    category = integer(entry, "category_id", where)
    crowd = entry.get("iscrowd")
    if crowd not in (None, 0, 1):
        raise ValueError(f'{where}: "iscrowd" is {shown(crowd)}, not 0 or 1')
    areas = _areas(entry.get("areas"), where)
    segmentations = _segmentations(entry, where)
    return Track(where, video, category, segmentations, name, crowd=bool(crowd), areas=areas)


def _areas(areas: Any, where: str) -> list | None:
    if areas is None:
        return None
    if not isinstance(areas, list):
        raise ValueError(f'{where}: "areas" is {shown(areas)}, not a list')
    return [None if area is None else number({"areas": area}, "areas", where) for area in areas]


def _segmentations(entry: dict, where: str) -> list:
    value = entry.get("segmentations")
    if not isinstance(value, list | tuple):
        hint = ' (found "segmentation", singular)' if "segmentation" in entry else ""
        raise ValueError(f'{where}: "segmentations" is missing or not a list{hint}')
    return list(value)
