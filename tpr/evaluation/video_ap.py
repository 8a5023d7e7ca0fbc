"""Spatio-temporal average precision of video instance segmentation (YouTube-VIS, OVIS).

Semantics of the benchmark's own evaluation (youtubevos/cocoapi, YTVOSeval): IoU of whole tracks,
ten thresholds 0.50 to 0.95, 101 recall levels, categories weighted equally.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tpr.data.annotations import Annotations
from tpr.data.findings import Tally
from tpr.data.json_input import Source, naming, shown, uncollected
from tpr.data.records import Track, Video
from tpr.evaluation.errors.watch import ErrorWatch
from tpr.evaluation.frame_overlaps import frame_overlaps
from tpr.evaluation.groups import grouped
from tpr.evaluation.inputs import OF_CATEGORIES, Truth, of_one_category, read_found, read_truth
from tpr.evaluation.iou import track_ious
from tpr.evaluation.masks import TrackError, mean_area, measure
from tpr.evaluation.matcher import Matcher
from tpr.evaluation.matching import AREA_RANGES, Pairs
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.notes import Sides, note_categories, note_limit, note_masks, note_videos
from tpr.evaluation.scope import POOLED, Group, Scope
from tpr.evaluation.summary import summarise
from tpr.evaluation.tracking.summary import TrackingWatch
from tpr.evaluation.traits import TRAITS

MAX_DETECTIONS = (1, 10, 100)
Watch = ErrorWatch | TrackingWatch
Progress = Callable[[int, int], None]  # takes the videos done, and all


@uncollected()  # what is read goes before the collector comes back
def evaluate(
    ground_truth: Source | Truth,
    results: Source,
    *,
    use_categories: bool = True,
    video_ids: Iterable[int] | None = None,
    category_ids: Iterable[int] | None = None,
    max_detections: tuple[int, ...] = MAX_DETECTIONS,
    class_agnostic: bool = False,
    groups: Sequence[str] = (),
    errors: bool = False,
    hota: bool = False,
    progress: Progress | None = None,
) -> Metrics:
    """Evaluate results (a list as in results.json) against annotations; dicts, lists or paths.

    ``video_ids`` and ``category_ids`` restrict the evaluation; ``use_categories=False`` pools all
    categories; ``max_detections`` are at least three limits of predictions per video and category.
    AP is defined at 100 of them and is -1 without it. ``class_agnostic`` takes all tracks for one
    category, also those of unknown ones. ``groups`` of true tracks by "size", "length" and "motion"
    are evaluated, too; ``errors``: what AP is lost to; ``hota``: HOTA, DetA, AssA and IDF1.
    ``progress`` is called with the videos done and all. Raises ValueError or FileNotFoundError with
    one line that names the entry, and the file where it is given by its path.
    """
    truth = ground_truth if isinstance(ground_truth, Truth) else read_truth(ground_truth)
    found, notes = read_found(results, truth)
    annotations = truth.annotations
    if class_agnostic:
        annotations, found = of_one_category(annotations, found)
    try:
        metrics = evaluate_tracks(
            annotations,
            found,
            use_categories=use_categories,
            video_ids=video_ids,
            category_ids=category_ids,
            max_detections=max_detections,
            groups=groups,
            errors=errors,
            hota=hota,
            progress=progress,
        )
    except TrackError as error:
        with naming(truth.source if error.track.score is None else results):
            raise ValueError(str(error)) from None
    said = [*truth.notes, *notes]
    metrics.notes[:0] = [one for one in said if not (class_agnostic and one.kind in OF_CATEGORIES)]
    return metrics


def evaluate_tracks(
    truth: Annotations,
    predictions: Sequence[Track],
    *,
    use_categories: bool = True,
    video_ids: Iterable[int] | None = None,
    category_ids: Iterable[int] | None = None,
    max_detections: tuple[int, ...] = MAX_DETECTIONS,
    groups: Sequence[str] = (),
    errors: bool = False,
    hota: bool = False,
    progress: Progress | None = None,
) -> Metrics:
    """As ``evaluate``, of what has been read. Raises TrackError for a mask that is broken."""
    limits = _limits(max_detections)
    videos = sorted(_chosen(video_ids, truth.videos, "video"))
    categories = _chosen(category_ids, truth.categories, "category")
    if use_categories:
        categories = sorted(categories)
    scope = Scope(videos, categories, pooled=not use_categories)
    true_tracks = _as_loaded(truth.tracks, videos, set(categories) if use_categories else None)
    truths, found = scope.tracks(true_tracks), scope.tracks(predictions, limits[-1])
    sides = Sides(Tally(), Tally())
    traits = {
        kind: (np.zeros(len(truths.tracks)), np.zeros(len(found.tracks)))
        for kind in ("size", *groups)
    }
    of_errors = ErrorWatch(truths, found) if errors else None
    of_tracking = TrackingWatch(truths, found) if hota else None
    watches = [watch for watch in (of_errors, of_tracking) if watch]
    pairs = _compared(truth, scope, truths, found, sides, traits, watches, progress)
    note_limit(sides, found.tracks, found.rank, limits[-1])
    seen = sorted(found.tracks, key=lambda track: track.id)
    note_videos(sides, videos, true_tracks, seen)
    named = [truth.categories[category] for category in categories if use_categories]
    best = _best_by_category(scope, truths, pairs)
    note_categories(sides, named, true_tracks, seen, best)
    matcher = Matcher(scope, truths, found, pairs)
    matches = matcher.matches(AREA_RANGES, *traits["size"])
    stats, per_category = summarise(matches, limits)
    return Metrics(
        stats,
        {category: per_category.get(category, -1.0) for category in scope.category_ids},
        {POOLED: "all"} if scope.pooled else {k: one.name for k, one in truth.categories.items()},
        videos,
        _iou_tables(scope, truths, found, pairs),
        [note for tally in sides for note in tally.notes()],
        limits,
        matches,
        {
            kind: grouped(
                kind,
                traits[kind][0][~matcher.crowd],
                lambda ranges, kind=kind: matcher.matches(ranges, *traits[kind]),
                limits[-1],
            )
            for kind in groups
        },
        of_errors and of_errors.errors(pairs, matches, scope),
        of_tracking and of_tracking.tracking(scope),
    )


def _compared(
    truth: Annotations,
    scope: Scope,
    truths: Group,
    found: Group,
    sides: Sides,
    traits: dict[str, tuple[np.ndarray, np.ndarray]],
    watches: Sequence[Watch],
    progress: Progress | None,
) -> Pairs:
    """IoU of all predictions with the true tracks of their video and category; one video's masks at
    a time. Fills in ``traits``, of true tracks and of predictions."""
    result, true = scope.paired(truths, found)
    iou = np.zeros(len(result))
    every = np.arange(len(scope.videos) + 1)
    bounds = zip(
        np.searchsorted(truths.video, every).tolist(),
        np.searchsorted(found.video, every).tolist(),
        np.searchsorted(found.video[result], every).tolist(),
        strict=True,
    )
    for done, ((a, c, p), (b, d, q)) in enumerate(pairwise(bounds)):
        if progress:
            progress(done, len(scope.videos))
        video = truth.videos[scope.videos[done]]
        tracks = [*truths.tracks[a:b], *found.tracks[c:d]]
        if not tracks:
            continue
        masks = measure(tracks, *_polygon_size(video, tracks))
        note_masks(sides, tracks, masks, video)
        for kind, (true_values, values) in traits.items():
            measured = TRAITS[kind](masks)
            true_values[a:b], values[c:d] = measured[: b - a], measured[b - a :]
        rows = np.stack([result[p:q] + (b - a - c), true[p:q] - a], axis=1)
        iou[p:q] = track_ious(masks, rows)
        if watches:
            overlaps = frame_overlaps(masks, b - a)
            for watch in watches:
                watch.see(slice(a, b), slice(c, d), overlaps)
    for place, track in enumerate(truths.tracks):
        if track.areas is not None:  # as in the reference, whatever its masks have
            traits["size"][0][place] = mean_area(track.areas)
    return Pairs(result, true, iou)


def _best_by_category(scope: Scope, truths: Group, pairs: Pairs) -> dict[int, float]:
    best = np.zeros(len(scope.category_ids))
    category = truths.category[pairs.truth]
    np.maximum.at(best, category, pairs.iou)
    return {scope.category_ids[k]: float(best[k]) for k in np.unique(category)}


def _iou_tables(
    scope: Scope, truths: Group, found: Group, pairs: Pairs
) -> dict[tuple[int, int], np.ndarray]:
    """(D, G) IoU by video and category, D by falling score."""
    heads = np.flatnonzero(np.diff(found.group[pairs.result], prepend=-1))
    tables: dict[tuple[int, int], np.ndarray] = {}
    for begin, end in pairwise([*heads.tolist(), len(pairs.iou)]):
        result, true = pairs.result[begin], pairs.truth[begin]
        key = scope.videos[found.video[result]], scope.category_ids[truths.category[true]]
        rows = pairs.result[end - 1] - result + 1
        tables[key] = pairs.iou[begin:end].reshape(rows, -1)
    return tables


def _limits(max_detections: Iterable[Any]) -> tuple[int, ...]:
    limits = tuple(max_detections)
    if len(limits) < 3 or any(not isinstance(limit, int) or limit < 1 for limit in limits):
        raise ValueError("max_detections must hold at least three positive integers")
    return tuple(sorted(limits))


def _chosen(ids: Iterable[int] | None, known: Mapping[int, object], what: str) -> list[int]:
    """The chosen ids without repeats; all of them, sorted, for None."""
    if ids is None:
        return sorted(known)
    chosen = list(dict.fromkeys(ids))
    for one in chosen:
        if one not in known:
            raise ValueError(f"{what} {shown(one)} is not in the ground truth")
    return chosen


def _as_loaded(tracks: list[Track], videos: list[int], categories: set[int] | None) -> list[Track]:
    """Annotations in the reference's order: it lists ids by video and looks each id up afterwards,
    so that of several annotations with one id the last is loaded several times."""
    by_id = {track.id: track for track in tracks}
    by_video: dict[int, list[Track]] = defaultdict(list)
    for track in tracks:
        if categories is None or track.category_id in categories:
            by_video[track.video_id].append(track)
    return [by_id[track.id] for video in videos for track in by_video[video]]


def _polygon_size(video: Video, tracks: list[Track]) -> tuple[int, int]:
    """Height and width of the video, which only polygons need."""
    if video.width:
        return video.height, video.width
    for track in tracks:
        if any(isinstance(one, list) and one != [] for one in track.segmentations):
            raise TrackError(track, f": polygons, but video {shown(video.id)} has no size")
    return 1, 1
