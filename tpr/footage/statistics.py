"""Statistics of the videos of a file, as quartiles."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypedDict

import numpy as np

from tpr.data.annotations import Annotations, read_annotations
from tpr.data.findings import Tally
from tpr.data.json_input import Source, load, naming
from tpr.data.records import Track, Video
from tpr.footage.measures import MEASURES, View, video_measures

PERCENTILES = (25, 50, 75, 90)


class Summary(TypedDict):
    """count: of values; quartiles: at PERCENTILES; None where there are no values."""

    count: int
    mean: float | None
    quartiles: list[float] | None


class Statistics(TypedDict):
    """Of one file; measures: by name, as in MEASURES; notes: what was left out, and is odd."""

    file: str
    short_edge: int
    ranges: list[float]
    every: int
    videos: int
    tracks: int
    measures: dict[str, Summary]
    notes: list[str]


def statistics_of(source: Source, view: View, name: str | None = None) -> Statistics:
    """Statistics of a YouTube-VIS file, or of its content. Raises ValueError, OSError.

    Crowds, tracks of unknown videos and videos without any track are left out and noted.
    """
    annotations, notes = read(source)
    chosen = list(videos_with_tracks(annotations))
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    with naming(source):
        for video, tracks in chosen:
            for measure, values in video_measures(video, tracks, view).items():
                found[measure].append(values)
    empty = len(annotations.videos) - len(chosen)
    if empty:
        notes.append(f"{empty} x video without tracks: left out")
    return {
        "file": str(source) if name is None else name,
        "short_edge": view.short_edge,
        "ranges": list(view.ranges),
        "every": view.every,
        "videos": len(chosen),
        "tracks": sum(len(tracks) for _, tracks in chosen),
        "measures": {measure: summary(found[measure]) for measure in MEASURES},
        "notes": notes,
    }


def read(source: Source) -> tuple[Annotations, list[str]]:
    """The annotations, and notes on them. ValueError where there are none."""
    record, tally = load(source), Tally()

    def report(kind: str, where: str) -> None:
        if kind == "broken record":
            raise ValueError(where)
        tally.add(kind, where)

    with naming(source):
        annotations = read_annotations(record, report, None)
        if not annotations.tracks:
            raise ValueError("no annotations, so there is nothing to measure")
    kinds = ("crowd", "annotation of an unknown video")
    notes = [f"{n.count} x {n.kind}: left out" for n in tally.notes() if n.kind in kinds]
    return annotations, notes


def videos_with_tracks(annotations: Annotations) -> Iterable[tuple[Video, list[Track]]]:
    """Each video that has tracks, with those of them that are no crowds."""
    tracks: Mapping[int, list[Track]] = defaultdict(list)
    for track in annotations.tracks:
        if not track.iscrowd:
            tracks[track.video_id].append(track)
    return ((video, tracks[key]) for key, video in annotations.videos.items() if tracks[key])


def summary(parts: list[np.ndarray]) -> Summary:
    """Of all values of one measure."""
    values = np.concatenate(parts) if parts else np.zeros(0)
    if not len(values):
        return {"count": 0, "mean": None, "quartiles": None}
    quartiles = np.percentile(values, PERCENTILES).round(6).tolist()
    return {"count": len(values), "mean": round(float(values.mean()), 6), "quartiles": quartiles}
