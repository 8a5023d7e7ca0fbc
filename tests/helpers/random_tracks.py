"""Random sets of tracks in which what HOTA is about is frequent: objects that cross, results that
go on as another object, pause, wobble, lie on nothing, or come twice."""

import numpy as np

from tpr.data.rle import encode

HEIGHT, WIDTH = 40, 60
Masks = list  # (T,) bool masks, None where the track is not seen


def random_set(seed: int) -> tuple[dict, list[dict]]:
    """YouTube-VIS annotations and results; a category or a video may have none of either."""
    rng = np.random.default_rng(seed)
    categories, lengths = int(rng.integers(1, 5)), rng.integers(3, 13, rng.integers(2, 6)).tolist()
    annotations, results = [], []
    for video, frames in enumerate(lengths, 1):
        objects = [_moving(rng, frames) for _ in range(rng.integers(0, 6))]
        kinds = rng.integers(1, categories + 1, len(objects)).tolist()
        true = [_seen(rng, one, 0.1) for one in objects]
        annotations += [_entry(video, *pair) for pair in zip(kinds, true, strict=True)]
        results += _found(rng, _video(video, frames), objects, kinds, categories)
    for number, one in enumerate(annotations, 1):
        one |= {"id": number, "iscrowd": 0, "areas": [_area(m) for m in one["segmentations"]]}
    scores = rng.permutation(len(results)) / max(len(results), 1)
    truth = {
        "videos": [_video(number, frames) for number, frames in enumerate(lengths, 1)],
        "categories": [{"id": k, "name": f"kind {k}"} for k in range(1, categories + 1)],
        "annotations": [_encoded(one) for one in annotations],
    }
    return truth, [
        _encoded(one) | {"score": score}
        for one, score in zip(results, scores.tolist(), strict=True)
    ]


def _found(
    rng: np.random.Generator, video: dict, objects: list[np.ndarray], kinds: list, categories: int
) -> list[dict]:
    tracks, number = [], video["id"]
    for kind, boxes in zip(kinds, objects, strict=True):
        if rng.random() < 0.15:
            continue
        boxes = boxes + rng.integers(-2, 3, boxes.shape)
        if rng.random() < 0.3:  # goes on as another object
            other = objects[rng.integers(len(objects))]
            frame = int(rng.integers(1, len(boxes)))
            boxes = np.concatenate([boxes[:frame], other[frame:]])
        if rng.random() < 0.15:
            kind = int(rng.integers(1, categories + 1))
        tracks.append(_entry(number, kind, _seen(rng, boxes, 0.2)))
        if rng.random() < 0.2:
            tracks.append(tracks[-1] | {"segmentations": [*tracks[-1]["segmentations"]]})
    if len(tracks) > 1 and rng.random() < 0.7:  # the first two change places
        frame = int(rng.integers(1, video["length"]))
        one, other = (track["segmentations"] for track in tracks[:2])
        one[frame:], other[frame:] = other[frame:], one[frame:]
    for _ in range(rng.integers(0, 3)):
        boxes = _moving(rng, video["length"])
        tracks.append(_entry(number, int(rng.integers(1, categories + 1)), _seen(rng, boxes, 0.3)))
    return tracks


def _moving(rng: np.random.Generator, frames: int) -> np.ndarray:
    """(T, 4) top, left, bottom, right of a box that moves evenly."""
    corner, step = rng.integers(0, [25, 40]), rng.integers(-2, 3, 2)
    corners = corner + step * np.arange(frames)[:, None]
    return np.concatenate([corners, corners + rng.integers(6, 16, 2)], axis=1)


def _seen(rng: np.random.Generator, boxes: np.ndarray, gaps: float) -> Masks:
    masks = []
    for top, left, bottom, right in boxes.clip(0).tolist():
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[top:bottom, left:right] = True
        masks.append(mask if mask.any() and rng.random() >= gaps else None)
    return masks


def _entry(video: int, kind: int, masks: Masks) -> dict:
    return {"video_id": video, "category_id": kind, "segmentations": masks}


def _area(mask: np.ndarray | None) -> int | None:
    return None if mask is None else int(mask.sum())


def _encoded(entry: dict) -> dict:
    masks = [None if one is None else encode(one) for one in entry["segmentations"]]
    return entry | {"segmentations": masks}


def _video(number: int, frames: int) -> dict:
    names = [f"{number}/{t}.jpg" for t in range(frames)]
    size = {"height": HEIGHT, "width": WIDTH, "length": frames}
    return {"id": number, "file_names": names, **size}
