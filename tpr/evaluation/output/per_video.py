"""Numbers of single videos, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.errors.kinds import KINDS
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.summary import summarise

COLUMNS = (
    "file", "video_id", "true_tracks", "results", "found", "missed", "false",
    "AP", "AP50", "AR10",
)  # fmt: skip
ERROR_COLUMNS = (*(f"{kind}_errors" for kind in KINDS), "identity_switches", "fragmentations")


def as_csv(names: Sequence[str], found: Sequence[Metrics]) -> str:
    """A line a file and video: numbers in [0, 1] of this video alone, empty where it has no true
    tracks; found, missed and false ones at IoU 0.50; errors by kind where they were asked for."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, *(ERROR_COLUMNS if found[0].errors else ())))
    for name, metrics in zip(names, found, strict=True):
        errors = _errors_by_video(metrics)
        for video, matches in zip(metrics.video_ids, _by_video(metrics), strict=True):
            stats, _ = summarise(matches, metrics.max_detections)
            true = sum(int(one.positives[0]) for one in matches.values())
            hits = sum(int(one.hit[0, 0].sum()) for one in matches.values())
            counted = sum(int(one.counted[0, 0].sum()) for one in matches.values())
            results = sum(len(one.video) for one in matches.values())
            numbers = [stats[key] for key in ("AP", "AP50", "AR10")]
            shown = ["" if value < 0 else repr(value) for value in numbers]
            counts = [true, results, hits, true - hits, counted - hits]
            writer.writerow([name, video, *counts, *shown, *next(errors)])
    return text.getvalue()


def _errors_by_video(metrics: Metrics) -> Iterator[list[int]]:
    """Each video's numbers of errors; nothing where they were not asked for."""
    one = metrics.errors
    if not one:
        yield from ([] for _ in metrics.video_ids)
        return
    yield from np.stack([*one.numbers, one.switches, one.fragmentations], axis=1).tolist()


def _by_video(metrics: Metrics) -> Iterator[dict[int, CategoryMatches]]:
    """Each video's own matches by category."""
    own: list[dict[int, CategoryMatches]] = [{} for _ in metrics.video_ids]
    for category, one in metrics.matches.items():
        for video in np.union1d(one.video, one.true_video).tolist():
            results, true = one.video == video, one.true_video == video
            own[video][category] = replace(
                one,
                video=one.video[results],
                rank=one.rank[results],
                hit=one.hit[..., results],
                counted=one.counted[..., results],
                true_video=one.true_video[true],
                wanted=one.wanted[:, true],
            )
    yield from own
