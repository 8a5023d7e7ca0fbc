"""The evaluator against the public API's loop: 300 generated videos of 1280x720, 20 frames each.

`ratio` is the loop's time over ours, from parsed JSON to equal numbers, in seconds of processor
time. Cases differ in the results a video has, in the raggedness of outlines, and in the number of
classes: with one, every result meets every true track.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import reference_loop
from tpr.evaluation import evaluate

from .timing import report

VIDEOS, FRAMES, HEIGHT, WIDTH, TRUTHS = 300, 20, 720, 1280, 3
DISTINCT = 15  # of the videos; the others show the same masks again
CASES = {
    "10 results of 40 classes": {"results": 10, "classes": 40, "ragged": 0.5},
    "25 results of 40 classes": {"results": 25, "classes": 40, "ragged": 0.5},
    "10 results of 1 class": {"results": 10, "classes": 1, "ragged": 0.5},
    "10 ragged results of 40 classes": {"results": 10, "classes": 40, "ragged": 5.0},
}


class Blob:
    """A wobbly disc that moves evenly through a video."""

    def __init__(self, rng: np.random.Generator, like: Blob | None = None) -> None:
        if like is None:
            self.radius, self.waves = rng.uniform(30, 150), rng.uniform(-1, 1, (4, 2))
            self.start, self.step = rng.uniform([200, 150], [1080, 570]), rng.normal(0, 8, 2)
        else:
            self.radius, self.waves = like.radius * rng.uniform(0.85, 1.15), like.waves
            self.start, self.step = like.start + rng.normal(0, 8, 2), like.step

    def mask(self, t: int, ragged: float, rng: np.random.Generator) -> dict:
        """Compressed RLE of frame t, two runs a column; `ragged` pixels of noise on its border."""
        x, y = self.start + t * self.step
        first, last = np.clip([x - self.radius + 1, x + self.radius], 0, WIDTH).astype(int)
        columns = np.arange(first, last)
        place = (columns - x) / self.radius
        half = self.radius * np.sqrt((1 - place**2).clip(0))
        bend = sum(b * np.sin((k + 1) * np.pi * (place + a)) for k, (a, b) in enumerate(self.waves))
        ends = y + 0.1 * self.radius * bend + np.stack([-half, half])
        ends += ragged * rng.standard_normal(ends.shape)
        ends = np.rint(ends).clip(0, HEIGHT).astype(int)
        ends = ends[:, ends[1] > ends[0]]
        edges = (columns[-ends.shape[1] :] * HEIGHT + ends).T.ravel() if ends.size else []
        counts = np.diff([0, *edges, HEIGHT * WIDTH]).tolist()
        return strung(
            coco_mask.frPyObjects({"size": [HEIGHT, WIDTH], "counts": counts}, HEIGHT, WIDTH)
        )


def strung(rle: dict) -> dict:
    return {"size": rle["size"], "counts": rle["counts"].decode("ascii")}


def video(rng: np.random.Generator, results: int, classes: int, ragged: float) -> tuple[list, list]:
    """True tracks and results of one video: three of ten results lie on no object."""
    truths, found = [], []
    for _ in range(TRUTHS):
        blob, category = Blob(rng), int(rng.integers(1, classes + 1))
        masks = [blob.mask(t, ragged, rng) for t in range(FRAMES)]
        areas = [int(coco_mask.area(mask)) for mask in masks]
        truths.append(
            {"category_id": category, "iscrowd": 0, "segmentations": masks, "areas": areas}
        )
        truths[-1]["blob"] = blob
    for number in range(results):
        truth = truths[number % TRUTHS] if number % 10 < 7 else None
        blob = Blob(rng, truth and truth["blob"])
        category = truth["category_id"] if truth else int(rng.integers(1, classes + 1))
        masks = [blob.mask(t, ragged, rng) for t in range(FRAMES)]
        found.append({"category_id": category, "segmentations": masks})
    return truths, found


def data_set(results: int, classes: int, ragged: float) -> tuple[dict, list[dict]]:
    """Annotations and results of all videos, as parsed from their files."""
    rng = np.random.default_rng(0)
    distinct = [video(rng, results, classes, ragged) for _ in range(DISTINCT)]
    annotations, found = [], []
    for number in range(1, VIDEOS + 1):
        truths, own = distinct[number % DISTINCT]
        annotations += [{**one, "video_id": number} for one in truths]
        found += [{**one, "video_id": number, "score": rng.random()} for one in own]
    for number, one in enumerate(annotations, 1):
        one["id"] = number
        one.pop("blob")
    size = {"height": HEIGHT, "width": WIDTH, "length": FRAMES}
    truth = {
        "videos": [{"id": number, **size} for number in range(1, VIDEOS + 1)],
        "categories": [{"id": k, "name": f"class {k}"} for k in range(1, classes + 1)],
        "annotations": annotations,
    }
    return truth, found


def timed(function: Callable, *arguments: object) -> tuple[float, dict[str, float]]:
    begin = time.process_time()
    found = function(*arguments)
    return time.process_time() - begin, found


def main() -> None:
    for case, settings in CASES.items():
        truth, found = data_set(**settings)
        ours, stats = timed(lambda *data: evaluate(*data).stats, truth, found)
        loop, expected = timed(reference_loop.evaluate, truth, found)
        worst = max(abs(stats[name] - value) for name, value in expected.items())
        if worst > 1e-12:
            raise SystemExit(f"{case}: the numbers differ by {worst}")
        report(case, ratio=loop / ours, loop=loop, ours=ours, AP=stats["AP"])


if __name__ == "__main__":
    main()
