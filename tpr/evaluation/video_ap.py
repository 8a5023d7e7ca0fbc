"""Spatio-temporal average precision of video instance segmentation (YouTube-VIS, OVIS).

Semantics of the benchmark's own evaluation (youtubevos/cocoapi, YTVOSeval): IoU of whole tracks,
ten thresholds 0.50 to 0.95, 101 recall levels, categories weighted equally.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial

import numpy as np

from tpr.data.annotations import Annotations
from tpr.data.findings import Tally
from tpr.data.json_input import Source, naming, shown
from tpr.data.records import Track, Video
from tpr.evaluation.accumulate import collect
from tpr.evaluation.inputs import Truth, read_found, read_truth
from tpr.evaluation.iou import track_iou
from tpr.evaluation.masks import TrackError, mean_area, measure
from tpr.evaluation.matching import match
from tpr.evaluation.metrics import Metrics
from tpr.evaluation.notes import Sides, note_categories, note_limit, note_masks, note_videos
from tpr.evaluation.summary import STATISTICS, Statistic, mean_defined

POOLED = -1  # stands for the category where categories are not used
MAX_DETECTIONS = (1, 10, 100)


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
    true_tracks = _as_loaded(truth.tracks, videos, set(categories) if use_categories else None)
    truths, found = _group(true_tracks), _group(predictions)
    per_category: dict[int, dict] = {k: {} for k in (categories if use_categories else [POOLED])}
    ious: dict[tuple[int, int], np.ndarray] = {}
    sides, seen = Sides(Tally(), Tally()), []
    for index, video in enumerate(videos):
        groups = _video_groups(truths[video], found[video], categories, use_categories)
        seen += [track for _, _, own in groups for track in own]
        done = _evaluate_video(truth.videos[video], groups, limits[-1], sides)
        for category, iou, scored in done:
            per_category[category][index] = scored
            if iou.size:
                ious[video, category] = iou
    note_videos(sides, videos, true_tracks, seen)
    named = [truth.categories[category] for category in categories if use_categories]
    note_categories(sides, named, true_tracks, seen, ious)
    matches = {category: collect(done, len(videos)) for category, done in per_category.items()}
    names = {one.id: one.name for one in truth.categories.values()}
    names = names if use_categories else {POOLED: "all"}
    notes = [note for tally in sides for note in tally.notes()]
    return _summarised(Metrics({}, {}, names, videos, ious, notes, limits, matches))


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


def _group(tracks: Iterable[Track]) -> dict[int, dict[int, list[Track]]]:
    """Tracks by video and category."""
    groups: dict[int, dict[int, list[Track]]] = defaultdict(lambda: defaultdict(list))
    for track in tracks:
        groups[track.video_id][track.category_id].append(track)
    return groups


def _video_groups(truths, found, categories: list[int], use_categories: bool) -> list[tuple]:
    """(category, true tracks, predictions) of one video; pooled tracks are listed by category."""
    if use_categories:
        groups = [(k, truths.get(k, []), found.get(k, [])) for k in categories]
    else:
        pooled = [[t for k in categories for t in side.get(k, [])] for side in (truths, found)]
        groups = [(POOLED, *pooled)]
    return [group for group in groups if group[1] or group[2]]


def _evaluate_video(video: Video, groups: list[tuple], limit: int, sides: Sides):
    """Yield (category, IoU (D, G), (scores (D,), Matches)) of one video's groups."""
    everything = [track for _, truths, found in groups for track in (*truths, *found)]
    masks = measure(everything, *_polygon_size(video, everything))
    note_masks(sides, everything, masks, video)
    note_limit(sides, groups, limit)
    mean_areas = masks.mean_areas
    row = 0
    for category, truths, found in groups:
        scores = np.array([track.score for track in found])
        best = np.argsort(-scores, kind="stable")[:limit]
        true_rows = np.arange(row, row + len(truths))
        rows = row + len(truths) + best
        row += len(truths) + len(found)
        iou = track_iou(masks, rows, true_rows)
        matches = match(
            iou,
            mean_areas[rows],
            np.array(
                [_true_area(*pair) for pair in zip(truths, mean_areas[true_rows], strict=True)]
            ),
            np.array([track.iscrowd for track in truths], dtype=bool),
            [track.id for track in truths],
        )
        yield category, iou, (scores[best], matches)


def _true_area(track: Track, measured: float) -> float:
    """Mean area by the annotation's ``areas``, as in the reference; by its masks without them."""
    return measured if track.areas is None else mean_area(track.areas)


def _polygon_size(video: Video, tracks: list[Track]) -> tuple[int, int]:
    """Height and width of the video, which only polygons need."""
    if video.width:
        return video.height, video.width
    for track in tracks:
        if any(isinstance(one, list) and one for one in track.segmentations):
            raise TrackError(track, f": polygons, but video {shown(video.id)} has no size")
    return 1, 1


def _summarised(metrics: Metrics) -> Metrics:
    """The same, with its numbers filled in by weighting every video with 1."""
    curves = cache(partial(metrics.curves, np.ones((1, len(metrics.video_ids)), np.int64)))
    for name, statistic in STATISTICS.items():
        metrics.stats[name] = float(mean_defined(_values(metrics, curves, statistic))[0])
    ap = _values(metrics, curves, STATISTICS["AP"])
    for place, category in enumerate(metrics.matches):
        metrics.per_category[category] = float(mean_defined(ap[..., [place]])[0])
    return metrics


def _values(metrics: Metrics, curves: Callable, statistic: Statistic) -> np.ndarray:
    """(1, T, K) values that a statistic is the mean of, T its thresholds; -1 where undefined."""
    limit = metrics.limit(statistic)
    if limit is None:
        return np.full((1, len(statistic.thresholds), len(metrics.matches)), -1.0)
    values = curves(statistic.area, limit)[int(statistic.recall)]
    return values[:, list(statistic.thresholds)]
