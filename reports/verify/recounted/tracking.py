"""HOTA, DetA, AssA and IDF1, made again from how long tracks and true tracks are matched.

Means are over all categories, and over IoU thresholds of single masks but for IDF1 (Luiten et al.,
2021).
"""

import numpy as np

from reports.verify.recounted.matches import Array, Kept


def tracking(kept: Kept) -> dict[str, float]:
    """As a record holds them, in percent."""
    columns, categories = kept.tracking, len(kept.about["categories"])
    category = _rows(kept)
    together = np.flip(np.cumsum(np.flip(columns["together"], axis=0), axis=0), axis=0)
    of_pair = category[np.cumsum(columns["row"])]
    lengths = columns["lengths"]
    total = np.zeros(4)
    for one in range(categories):
        own, pairs = category == one, of_pair == one
        masks, identified = columns["masks"][:, own].sum(), columns["identified"][own].sum()
        matched = together[:, pairs].sum(axis=1)
        agreement = together[:, pairs] / np.maximum(1, lengths[pairs] - together[:, pairs])
        associated = (together[:, pairs] * agreement).sum(axis=1)
        detection = matched / np.maximum(1, masks - matched)
        association = associated / np.maximum(1, matched)
        hota = np.sqrt(detection * association)
        f1 = identified / max(1, masks / 2)
        total += [hota.mean(), detection.mean(), association.mean(), f1]
    means = 100 * total / max(1, categories)
    return dict(zip(("HOTA", "DetA", "AssA", "IDF1"), means.tolist(), strict=True))


def _rows(kept: Kept) -> Array:
    """(R,) the category of each video and category with predictions or true objects, by video."""
    tracks = kept.tracks
    video = np.concatenate([tracks.video, tracks.true_video]).astype(np.int64)
    category = np.concatenate([tracks.category, tracks.true_category])
    return np.unique(video << 32 | category) & (2**32 - 1)
