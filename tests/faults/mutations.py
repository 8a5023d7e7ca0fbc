"""Sound YouTube-VIS files of a few pixels, and what carelessness and malice make of them."""

from __future__ import annotations

import copy
import random
from typing import Any

import numpy as np

from tpr.data.rle import encode

HEIGHT, WIDTH, FRAMES = 6, 7, 3
HOSTILE = (
    *(None, True, False, 0, -1, 1, 2, 7, 1.5, -0.0, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400),
    *(float("nan"), float("inf"), float("-inf"), 1e308, "", "1", "x", "\0", "é", "NaN"),
    "0" * 5000,
    *("../../etc/passwd", "/etc/passwd", "C:\\x", "<script>alert(1)</script>", "..", "."),
    *([], {}, [[]], [None], {"size": [6, 7], "counts": "0"}, {"size": [7, 6], "counts": [42]}),
    *([[0, 0, 5, 0, 5, 5]], [[0, 0, 1e300, 0, 0, 9]], [[1, 2]], [[float("nan")] * 6]),
    *({"size": [2**14, 2**14], "counts": [2**28]}, {"size": [6, 7], "counts": [-1, 43]}),
    {"size": [6, 7], "counts": "PPPPPPPPPP0"},
)


def track(rng: random.Random, **fields: Any) -> dict[str, Any]:
    """A rectangle that moves, missing in some frames; all kinds of masks are possible."""
    masks = []
    for _ in range(FRAMES):
        mask = np.zeros((HEIGHT, WIDTH), bool)
        top, left = rng.randrange(HEIGHT - 1), rng.randrange(WIDTH - 1)
        mask[top : top + rng.randint(1, 4), left : left + rng.randint(1, 4)] = True
        masks.append(None if rng.random() < 0.2 else encode(mask))
    return {"video_id": rng.choice([3, 8]), "category_id": rng.choice([1, 5]), **fields} | {
        "segmentations": masks
    }


def sound(rng: random.Random) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(annotations, results) without a defect."""
    names = {v: [f"clip{v}/{t}.jpg" for t in range(FRAMES)] for v in (3, 8)}
    size = {"height": HEIGHT, "width": WIDTH, "length": FRAMES}
    annotations = [track(rng, id=10 + n, iscrowd=int(rng.random() < 0.1)) for n in range(4)]
    if rng.random() < 0.3:
        annotations[0]["segmentations"][1] = [[1, 1, 5, 1, 5, 4, 1, 4]]
        annotations[1]["segmentations"][0] = {"size": [HEIGHT, WIDTH], "counts": [4, 2, 36]}
    record = {
        "videos": [{"id": v, **size, "file_names": names[v]} for v in names],
        "categories": [{"id": 1, "name": "ape"}, {"id": 5, "name": "boat"}],
        "annotations": annotations,
    }
    results = [track(rng, score=rng.random()) for _ in range(4)]
    for one in results[:2]:  # something that matches
        true = rng.choice([a for a in annotations])
        masks = [
            s if isinstance(s, dict) and isinstance(s["counts"], str) else None
            for s in true["segmentations"]
        ]
        one |= {k: true[k] for k in ("video_id", "category_id")} | {"segmentations": masks}
    return record, copy.deepcopy(results)


def mutate(value: Any, rng: random.Random, times: int) -> Any:
    """A copy of JSON data with some places spoilt."""
    box = [copy.deepcopy(value)]
    for _ in range(times):
        holder, key = rng.choice(list(places(box)))
        spoil(holder, key, rng)
    return box[0] if box else None


def places(value: Any) -> Any:
    """(list or dict, index or key) of everything below."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def spoil(holder: Any, key: Any, rng: random.Random) -> None:
    """Deletes, repeats, replaces or distorts one value."""
    action = rng.choice(["delete", "repeat", "hostile", "hostile", "distort", "distort"])
    if action == "delete" and not (isinstance(holder, list) and len(holder) == 1):
        del holder[key]
    elif action == "repeat" and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif action == "distort":
        holder[key] = distorted(holder[key], rng)
    else:
        holder[key] = copy.deepcopy(rng.choice(HOSTILE))


def distorted(value: Any, rng: random.Random) -> Any:
    """Something near the value."""
    if isinstance(value, bool) or value is None:
        return rng.choice(HOSTILE)
    if isinstance(value, int | float):
        return rng.choice([value + 1, value - 1, -value, value * 1000, float(value)])
    if isinstance(value, str):
        return distorted_bytes(value.encode("utf-8", "surrogatepass"), rng).decode("latin-1")
    return rng.choice([[value], {"x": value}, [], value])


def distorted_bytes(data: bytes, rng: random.Random, symbols: bytes | None = None) -> bytes:
    """Bytes changed, cut off, put in or swapped; `symbols`: which ones may be put in."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(out) + 1)
        new = rng.choice(symbols) if symbols else rng.randrange(256)
        action = rng.randrange(4)
        if action == 0:
            out[place:place] = bytes([new])
        elif action == 1:
            del out[place : place + rng.randint(1, 3)]
        elif action == 2 and place < len(out):
            out[place] = new
        elif action == 3:
            del out[place:]
    return bytes(out)
