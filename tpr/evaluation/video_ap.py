"""Spatio-temporal average precision of video instance segmentation (YouTube-VIS, OVIS).

Semantics of the benchmark's own evaluation (youtubevos/cocoapi, YTVOSeval): IoU of whole tracks,
ten thresholds 0.50 to 0.95, 101 recall levels, categories weighted equally.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from tpr.data.annotations import Annotations
from tpr.data.findings import Tally
from tpr.data.json_input import Source, naming, shown, uncollected
from tpr.data.records import Track, Video
from tpr.evaluation.accumulate import CategoryMatches
from tpr.evaluation.inputs import Truth, read_found, read_truth
from tpr.evaluation.iou import track_ious
from tpr.evaluation.masks import TrackError, mean_area, measure
from tpr.evaluation.matching import Pairs, Truths, match
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.notes import Sides, note_categories, note_limit, note_masks, note_videos
from tpr.evaluation.scope import POOLED, Group, Scope
from tpr.evaluation.summary import summarise

MAX_DETECTIONS = (1, 10, 100)


@uncollected()  # what is read goes before the collector comes back
def evaluate(
    ground_truth: Source | Truth,
    results: Source,
    *,
    use_categories: bool = True,
    video_ids: Iterable[int] | None = None,
    category_ids: Iterable[int] | None = None,
    max_detections: tuple[int, ...] = MAX_DETECTIONS,
) -> Metrics:
    """Evaluate results (a list as in results.json) against annotations; dicts, lists or paths.

    ``video_ids`` and ``category_ids`` restrict the evaluation; ``use_categories=False`` pools all
    categories; ``max_detections`` are at least three limits of predictions per video and category.
    AP is defined at 100 of them and is -1 without it. Raises ValueError or FileNotFoundError with
    one line that names the entry, and the file where it is given by its path.
    """
    truth = ground_truth if isinstance(ground_truth, Truth) else read_truth(ground_truth)
    found, notes = read_found(results, truth)
    try:
        metrics = evaluate_tracks(
            truth.annotations,
            found,
            use_categories=use_categories,
            video_ids=video_ids,
            category_ids=category_ids,
            max_detections=max_detections,
        )
    except TrackError as error:
        with naming(truth.source if error.track.score is None else results):
            raise ValueError(str(error)) from None
    metrics.notes[:0] = [*truth.notes, *notes]
    return metrics


def evaluate_tracks(
    truth: Annotations,
    predictions: Sequence[Track],
    *,
    use_categories: bool = True,
    video_ids: Iterable[int] | None = None,
    category_ids: Iterable[int] | None = None,
    max_detections: tuple[int, ...] = MAX_DETECTIONS,
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
    pairs, areas = _compared(truth, scope, truths, found, sides)
    note_limit(sides, found.tracks, found.rank, limits[-1])
    seen = sorted(found.tracks, key=lambda track: track.id)
    note_videos(sides, videos, true_tracks, seen)
    named = [truth.categories[category] for category in categories if use_categories]
    best = _best_by_category(scope, truths, pairs)
    note_categories(sides, named, true_tracks, seen, best)
    matches = _matches(scope, truths, found, pairs, areas)
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
    )


def _compared(
    truth: Annotations, scope: Scope, truths: Group, found: Group, sides: Sides
) -> tuple[Pairs, tuple[np.ndarray, np.ndarray]]:
    """IoU of all predictions with the true tracks of their video and category, and mean areas of
    true tracks and of predictions; one video's masks at a time."""
    result, true = scope.paired(truths, found)
    iou = np.zeros(len(result))
    true_areas, areas = np.zeros(len(truths.tracks)), np.zeros(len(found.tracks))
    every = np.arange(len(scope.videos) + 1)
    bounds = zip(
        np.searchsorted(truths.video, every).tolist(),
        np.searchsorted(found.video, every).tolist(),
        np.searchsorted(found.video[result], every).tolist(),
        strict=True,
    )
    for video, ((a, c, p), (b, d, q)) in zip(scope.videos, pairwise(bounds), strict=True):
        tracks = [*truths.tracks[a:b], *found.tracks[c:d]]
        if not tracks:
            continue
        masks = measure(tracks, *_polygon_size(truth.videos[video], tracks))
        note_masks(sides, tracks, masks, truth.videos[video])
        means = masks.mean_areas
        true_areas[a:b], areas[c:d] = means[: b - a], means[b - a :]
        rows = np.stack([result[p:q] + (b - a - c), true[p:q] - a], axis=1)
        iou[p:q] = track_ious(masks, rows)
    for place, track in enumerate(truths.tracks):
        if track.areas is not None:  # as in the reference, whatever its masks have
            true_areas[place] = mean_area(track.areas)
    return Pairs(result, true, iou), (true_areas, areas)


def _matches(
    scope: Scope, truths: Group, found: Group, pairs: Pairs, areas: tuple[np.ndarray, np.ndarray]
) -> dict[int, CategoryMatches]:
    """What was matched, by category."""
    crowd = np.array([track.iscrowd for track in truths.tracks], bool)
    ids = np.array([track.id for track in truths.tracks], object)
    known = Truths(areas[0], crowd, ids)
    hit, counted = match(pairs, areas[1], known)
    wanted = ~known.ignored
    order = np.lexsort((-found.score, found.category))
    order = order[found.counts[order]]
    true_order = np.argsort(truths.category, kind="stable")
    matches = {}
    for category in np.union1d(found.category, truths.category).tolist():
        own, true = (
            places[slice(*np.searchsorted(side.category[places], [category, category + 1]))]
            for side, places in ((found, order), (truths, true_order))
        )
        matches[scope.category_ids[category]] = CategoryMatches(
            found.video[own],
            found.rank[own],
            hit[..., own],
            counted[..., own],
            truths.video[true],
            wanted[:, true],
        )
    return matches


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
    tables = {}
    for begin, end in pairwise([*heads.tolist(), len(pairs.iou)]):
        result, true = pairs.result[begin], pairs.truth[begin]
        key = scope.videos[found.video[result]], scope.category_ids[truths.category[true]]
        rows = pairs.result[end - 1] - result + 1
        tables[key] = pairs.iou[begin:end].reshape(rows, -1)
    return tables


def _limits(max_detections: Iterable[int]) -> tuple[int, ...]:
    limits = tuple(max_detections)
    if len(limits) < 3 or any(not isinstance(limit, int) or limit < 1 for limit in limits):
        raise ValueError("max_detections must hold at least three positive integers")
    return tuple(sorted(limits))


def _chosen(ids: Iterable[int] | None, known: dict, what: str) -> list[int]:
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
        if any(isinstance(one, list) and one for one in track.segmentations):
            raise TrackError(track, f": polygons, but video {shown(video.id)} has no size")
    return 1, 1
