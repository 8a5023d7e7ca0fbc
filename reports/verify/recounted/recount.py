"""An evaluation's numbers made again from its matches, by the benchmark's definitions.

Precision at a recall level is the best one at that recall or beyond; AP is its mean over 101
levels, ten IoU thresholds and the categories that have true objects. Every video counts as often as
its weight says: once, or as often as a bootstrap drew it.
"""

from functools import cache
from typing import Any

import numpy as np

from reports.verify.recounted.matches import Array, Kept, Matches

LEVELS = np.linspace(0, 1, 101)
AREAS = {"": 0, "s": 1, "m": 2, "l": 3}


def recount(kept: Kept) -> dict[str, Any]:
    """What a record's metrics say of AP and AR, in percent; None where undefined."""
    about, tracks = kept.about, kept.tracks
    plain = np.ones((1, len(about["videos"])))
    by_category = ap_by_category(tracks, plain, len(about["categories"]))[0]
    found: dict[str, Any] = {
        "AP": percent(mean_defined(by_category)),
        "per_category": {
            name: percent(value)
            for (_, name), value in zip(about["categories"], by_category, strict=True)
        },
        "videos": len(about["videos"]),
    }
    for name, thresholds, area in _precisions():
        aps = ap_by_category(tracks, plain, len(by_category), area, thresholds)
        found[name] = percent(mean_defined(aps[0]))
    one, ten, hundred = about["limits"]
    for name, limit, area in (
        *(("AR1", one, 0), ("AR10", ten, 0), ("AR100", hundred, 0)),
        *((f"AR{letter}", hundred, place) for letter, place in AREAS.items() if letter),
    ):
        found[name] = percent(
            mean_defined(recall_by_category(tracks, len(by_category), area, limit))
        )
    return found | ({"difficulty": difficulty(kept)} if kept.frames else {"difficulty": {}})


def _precisions() -> list[tuple[str, list[int], int]]:
    every = list(range(10))
    areas = [(f"AP{letter}", every, place) for letter, place in AREAS.items() if letter]
    return [("AP50", [0], 0), ("AP75", [5], 0), *areas]


def drawn(kept: Kept, count: int, seed: int) -> Array:
    """(count, V) how often each video is drawn."""
    return _drawn(len(kept.about["videos"]), count, seed)


@cache
def _drawn(videos: int, count: int, seed: int) -> Array:
    return np.random.default_rng(seed).multinomial(videos, [1 / videos] * videos, size=count)


def weighted_ap(kept: Kept, weights: Array) -> Array:
    """(B,) AP in [0, 1] for (B, V) weights of the videos; NaN where undefined."""
    aps = ap_by_category(kept.tracks, weights, len(kept.about["categories"]))
    return np.array([mean_defined(row) for row in aps])


def hardest(kept: Kept) -> dict[str, Array]:
    """(V,) bool, by grouping: the third of the videos with the highest amount."""
    return {name: _thirds(found) == 2 for name, found in kept.about.get("amounts", {}).items()}


def _thirds(amounts: list[float | None]) -> Array:
    """(V,) 0, 1 or 2; -1 where the amount is not known."""
    known = np.array([np.nan if one is None else one for one in amounts], float)
    cuts = np.quantile(known[np.isfinite(known)], [1 / 3, 2 / 3])
    return np.where(np.isfinite(known), np.searchsorted(cuts, known), -1)


def difficulty(kept: Kept) -> dict[str, list[dict[str, Any]]]:
    """Groups of videos in thirds by amount, and of frames, as records hold them."""
    assert kept.frames is not None
    about, groups = kept.about, dict[str, list[dict[str, Any]]]()
    categories = len(about["categories"])
    for name, amounts in about["amounts"].items():
        known = np.array([np.nan if one is None else one for one in amounts], float)
        third = _thirds(amounts)
        rows = [
            {"name": word, "size": int(sum(own)), "low": known[own].min(), "high": known[own].max()}
            | {"AP": _ap_of(kept.tracks, own, categories)}
            for place, word in enumerate(("low", "middle", "high"))
            if (own := third == place).any()
        ]
        groups[name] = rows
    frames = 1 + max(max(kept.frames.true_video, default=0), max(kept.frames.video, default=0))
    sets = {name: np.cumsum(steps) for name, steps in about["frames"].items()}
    frames = max([frames, *(1 + max(places) for places in sets.values())])
    groups["frames"] = [
        {"name": name, "size": len(places)}
        | {"AP": _ap_of(kept.frames, np.isin(np.arange(frames), places), categories)}
        for name, places in sets.items()
    ]
    return groups


def _ap_of(matches: Matches, own: Array, categories: int) -> float | None:
    return percent(mean_defined(ap_by_category(matches, own[None].astype(float), categories)[0]))


def ap_by_category(
    matches: Matches,
    weights: Array,
    categories: int,
    area: int = 0,
    thresholds: list[int] | None = None,
) -> Array:
    """(B, K) AP for (B, V) weights of the videos; NaN for a category without true objects."""
    drawn = np.asarray(weights.any(axis=0))  # what lies in other videos counts for nothing
    own = np.flatnonzero((matches.rank < 100) & drawn[matches.video])
    seen, category = weights[:, matches.video[own]], matches.category[own]
    wanted = np.flatnonzero(matches.wanted[area])
    of_category = _member(matches.true_category[wanted], categories)
    positives = weights[:, matches.true_video[wanted]] @ of_category
    hit, counted = matches.hit[area][:, own], matches.counted[area][:, own]
    precisions = [
        _precision(seen, category, hit[one], counted[one], positives)
        for one in (range(10) if thresholds is None else thresholds)
    ]
    return np.where(positives > 0, np.mean(precisions, axis=0), np.nan)


def _precision(seen: Array, category: Array, hit: Array, counted: Array, positives: Array) -> Array:
    """(B, K) mean precision over the recall levels, of (B, N), (N,) and (B, K).

    Recall rises at hits alone, and none of the predictions between two of them is as precise as the
    first of the two: hits are all that need be looked at.
    """
    hits = np.flatnonzero(hit)
    of = category[hits]
    right = _since(seen[:, hits], np.arange(len(hits)), np.searchsorted(of, of))
    counts = _since(seen * counted, hits, np.searchsorted(category, of))
    precision = right / np.maximum(counts, 1)
    # a category's are all above those of the categories after it, which makes it begin anew
    above = 2.0 * (positives.shape[1] - of)
    best = np.flip(np.maximum.accumulate(np.flip(precision + above, axis=-1), axis=-1), axis=-1)
    levels = np.searchsorted(LEVELS, right / np.maximum(positives, 1)[:, of], side="right")
    levels[right == 0] = 0  # recall 0 is reached with the first hit, not before
    newly = np.diff(levels, axis=-1, prepend=0)
    newly = np.where(np.diff(of, prepend=-1) > 0, levels, newly)
    return ((best - above) * newly) @ _member(of, positives.shape[1]) / len(LEVELS)


def _since(seen: Array, places: Array, begins: Array) -> Array:
    """(B, H) sums of (B, N) from begins (H,) up to places (H,)."""
    total = np.cumsum(seen, axis=-1)
    return total[:, places] - np.where(begins > 0, total[:, begins - 1], 0)


def _member(of: Array, count: int) -> Array:
    """(N, K) 1.0 where an element is of a category, 0.0 elsewhere."""
    found: Array = (of[:, None] == np.arange(count)).astype(float)
    return found


def recall_by_category(matches: Matches, categories: int, area: int, limit: int) -> Array:
    """(K,) share of the true objects found among ``limit`` predictions a video, mean over
    thresholds."""
    out = np.full(categories, np.nan)
    for category in range(categories):
        positives = np.sum(matches.wanted[area, matches.true_category == category])
        own = (matches.category == category) & (matches.rank < limit)
        if positives:
            out[category] = matches.hit[area][:, own].sum(axis=1).mean() / positives
    return out


def mean_defined(values: Array) -> float:
    """NaN where no value is defined."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def percent(value: float) -> float | None:
    return None if np.isnan(value) else 100 * value
