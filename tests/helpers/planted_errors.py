"""Random ground truth, and results that are exact but for planted errors of one kind."""

from collections.abc import Callable

import numpy as np

from tpr.data.rle import encode

HEIGHT, WIDTH, FRAMES, CATEGORIES = 48, 64, 8, 5
CELL = 16  # pixels: each object stays in a cell of its own
Track = dict  # video_id, category_id, masks (T, H, W) bool


def random_truth(rng: np.random.Generator, videos: int) -> list[Track]:
    """Two to five objects a video, of any category, that move and change their size."""
    tracks = []
    for video in range(1, videos + 1):
        cells = rng.permutation((HEIGHT // CELL) * (WIDTH // CELL))[: rng.integers(2, 6)]
        for cell in cells:
            corner = CELL * np.array(divmod(int(cell), WIDTH // CELL))
            category = int(rng.integers(1, CATEGORIES + 1))
            tracks.append(
                {"video_id": video, "category_id": category, "masks": _moving(rng, corner)}
            )
    return tracks


def _moving(rng: np.random.Generator, corner: np.ndarray) -> np.ndarray:
    masks = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
    for frame in range(FRAMES):
        y, x = corner + rng.integers(0, 4, 2)
        height, width = rng.integers(9, 13, 2)
        masks[frame, y : y + height, x : x + width] = True
    return masks


def annotations(tracks: list[Track], videos: int) -> dict:
    size = {"height": HEIGHT, "width": WIDTH, "length": FRAMES}
    return {
        "videos": [{"id": v + 1, "file_names": ["a"] * FRAMES, **size} for v in range(videos)],
        "categories": [{"id": k + 1, "name": f"kind {k + 1}"} for k in range(CATEGORIES)],
        "annotations": [
            _entry(track) | {"id": place + 1, "iscrowd": 0} for place, track in enumerate(tracks)
        ],
    }


def results(rng: np.random.Generator, tracks: list[Track]) -> list[dict]:
    """With random scores."""
    return [_entry(track) | {"score": float(rng.random())} for track in tracks]


def _entry(track: Track) -> dict:
    masks = [encode(mask) if mask.any() else None for mask in track["masks"]]
    plain = ("video_id", "category_id")
    return {key: track[key] for key in plain} | {"segmentations": masks}


def relabelled(rng: np.random.Generator, track: Track) -> Track:
    other = (track["category_id"] - 1 + rng.integers(1, CATEGORIES)) % CATEGORIES + 1
    return track | {"category_id": int(other)}


def shrunk(rng: np.random.Generator, track: Track) -> Track:
    """The upper third or so of each mask."""
    masks = track["masks"].copy()
    for mask in masks:
        rows = np.flatnonzero(mask.any(axis=1))
        mask[rows[0] + rng.integers(3, 5) :] = False
    return track | {"masks": masks}


def classification(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    return [relabelled(rng, one) if rng.random() < 0.5 else one for one in tracks]


def duplicate(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    return tracks + [one for one in tracks if rng.random() < 0.5]


def spatial(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    return [shrunk(rng, one) if rng.random() < 0.5 else one for one in tracks]


def temporal(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    """From some frame on, the first two tracks of every other video go on as one another."""
    out = list(tracks)
    for video in {track["video_id"] for track in tracks if track["video_id"] % 2}:
        a, b = [i for i, track in enumerate(tracks) if track["video_id"] == video][:2]
        frame = int(rng.integers(3, FRAMES - 2))
        for one, other in ((a, b), (b, a)):
            masks = np.concatenate([tracks[one]["masks"][:frame], tracks[other]["masks"][frame:]])
            out[one] = tracks[one] | {"masks": masks}
    return out


def both(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    return [relabelled(rng, shrunk(rng, one)) if rng.random() < 0.5 else one for one in tracks]


def background(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    """Every other video has a track more, where there is nothing."""
    out = list(tracks)
    for video in {track["video_id"] for track in tracks if track["video_id"] % 2}:
        taken = np.any([t["masks"] for t in tracks if t["video_id"] == video], axis=(0, 1))
        places = np.argwhere(~taken)
        masks = np.zeros((FRAMES, HEIGHT, WIDTH), bool)
        for y, x in places[rng.permutation(len(places))[:150]]:
            masks[:, y, x] = True
        category = int(rng.integers(1, CATEGORIES + 1))
        out.append({"video_id": video, "category_id": category, "masks": masks})
    return out


def missed(rng: np.random.Generator, tracks: list[Track]) -> list[Track]:
    return [one for one in tracks if rng.random() < 0.5]


PLANTED: dict[str, Callable[[np.random.Generator, list[Track]], list[Track]]] = {
    "classification": classification,
    "duplicate": duplicate,
    "spatial": spatial,
    "temporal": temporal,
    "both": both,
    "background": background,
    "missed": missed,
}
