"""The evaluator against the public API's loop, from files to equal numbers.

    python -m benchmarks.evaluator [--rounds 3] [--sets 500] [--trackeval FOLDER]

Cases differ in the results a video has, in the raggedness of outlines, in the number of classes
(with one, every result meets every true track), in length and in how true masks are written.
`ratio` is the loop's time over ours, each the least of some rounds in turn, in seconds of processor
time of one process: reading both files counts. All twelve numbers must be equal to the last bit.
`compiled` says whether the compiled parts were built. `--sets` compares numbers on small random
sets, too. `--trackeval` names a clone of TrackEval, which is run once on every case but the
longest, and compared with a run of ours on the files that it reads.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from pycocotools import mask as coco_mask

from benchmarks import reference_loop, trackeval_times
from tpr.data import json_input
from tpr.evaluation import evaluate, masks

HEIGHT, WIDTH, TRUTHS = 720, 1280, 3
DISTINCT = 15  # of the videos; the others show the same masks again
SHORT = {"videos": 302, "frames": (20, 20), "ragged": 0.5}
CASES = {
    "10 results of 40 classes": SHORT | {"results": 10, "classes": 40},
    "25 results of 40 classes": SHORT | {"results": 25, "classes": 40},
    "10 results of 1 class": SHORT | {"results": 10, "classes": 1},
    "25 results of 1 class": SHORT | {"results": 25, "classes": 1},
    "10 ragged results of 40 classes": SHORT | {"results": 10, "classes": 40, "ragged": 5.0},
    "25 ragged results of 40 classes": SHORT | {"results": 25, "classes": 40, "ragged": 5.0},
    "10 results of 40 classes, run lists": SHORT
    | {"results": 10, "classes": 40, "run_lists": True},
    "as OVIS: 140 videos of up to 292 frames": {
        "videos": 140, "frames": (20, 292), "ragged": 0.5, "results": 15, "classes": 25
    },
}  # fmt: skip


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


def video(
    rng: np.random.Generator, frames: int, results: int, classes: int, ragged: float
) -> tuple[list, list]:
    """True tracks and results of one video: three of ten results lie on no object."""
    truths, found, blobs = [], [], []
    for _ in range(TRUTHS):
        blob, category = Blob(rng), int(rng.integers(1, classes + 1))
        masks = [blob.mask(t % 20, ragged, rng) for t in range(frames)]
        areas = [int(coco_mask.area(mask)) for mask in masks]
        truths.append(
            {"category_id": category, "iscrowd": 0, "segmentations": masks, "areas": areas}
        )
        blobs.append(blob)
    for number in range(results):
        matching = number % 10 < 7
        blob = Blob(rng, blobs[number % TRUTHS] if matching else None)
        drawn = int(rng.integers(1, classes + 1))
        category = truths[number % TRUTHS]["category_id"] if matching else drawn
        masks = [blob.mask(t % 20, ragged, rng) for t in range(frames)]
        found.append({"category_id": category, "segmentations": masks})
    return truths, found


def data_set(
    videos: int,
    frames: tuple[int, int],
    results: int,
    classes: int,
    ragged: float,
    run_lists: bool = False,
) -> tuple[dict, list[dict]]:
    """Annotations and results; videos are of evenly spread lengths within `frames`. run_lists: the
    true tracks' masks are such, as in YouTube-VIS's own files."""
    rng = np.random.default_rng(0)
    lengths = np.linspace(*frames, DISTINCT).astype(int).tolist()
    distinct = [video(rng, length, results, classes, ragged) for length in lengths]
    annotations, found, records = [], [], []
    for number in range(1, videos + 1):
        truths, own = distinct[number % DISTINCT]
        annotations += [{**one, "video_id": number} for one in truths]
        found += [{**one, "video_id": number, "score": rng.random()} for one in own]
        size = {"height": HEIGHT, "width": WIDTH, "length": lengths[number % DISTINCT]}
        records.append({"id": number, **size})
    for number, one in enumerate(annotations, 1):
        one["id"] = number
    categories = [{"id": k, "name": f"class {k}"} for k in range(1, classes + 1)]
    truth = {"videos": records, "categories": categories, "annotations": annotations}
    return trackeval_times.as_it_reads(truth) if run_lists else truth, found


def small_set(seed: int) -> tuple[dict, list[dict]]:
    """A random set in which sizes, crowds, ties, gaps and several matches are frequent."""
    rng = np.random.default_rng(seed)
    classes, shapes = int(rng.integers(1, 4)), []
    for _ in range(4):
        edges = np.sort(rng.integers(0, 400 * 300, 8))
        counts = np.diff([0, *edges.tolist(), 400 * 300]).tolist()
        shapes.append(
            strung(coco_mask.frPyObjects({"size": [400, 300], "counts": counts}, 400, 300))
        )

    def track(number: int) -> dict:
        masks = [shapes[k] if k < 4 else None for k in rng.integers(0, 6, 3).tolist()]
        if rng.random() < 0.5:
            masks = [shapes[number % 4]] * 3
        video, category = int(rng.integers(1, 4)), int(rng.integers(1, classes + 1))
        return {"video_id": video, "category_id": category, "segmentations": masks}

    annotations = []
    for number in range(1, int(rng.integers(2, 12))):
        one = track(number)
        areas = [mask and int(coco_mask.area(mask)) for mask in one["segmentations"]]
        crowd = int(rng.random() < 0.1)
        annotations.append(one | {"id": number, "iscrowd": crowd, "areas": areas})
    found = [track(k) | {"score": float(rng.integers(0, 20) / 20)} for k in range(rng.integers(25))]
    size = {"height": 400, "width": 300, "length": 3}
    videos = [{"id": number, **size} for number in range(1, 4)]
    categories = [{"id": k, "name": f"class {k}"} for k in range(1, classes + 1)]
    return {"videos": videos, "categories": categories, "annotations": annotations}, found


def compared(truth: Path, results: Path, rounds: int) -> dict[str, float]:
    """Times of both, one after the other, and the AP of both. SystemExit where numbers differ."""
    seconds = {"loop": [], "ours": []}
    for _ in range(rounds):
        for name, function in {"loop": read_and_loop, "ours": ours}.items():
            begin = time.process_time()
            found = function(truth, results)
            seconds[name].append(time.process_time() - begin)
            seconds.setdefault("numbers", []).append(found)
    one, other = seconds.pop("numbers")[-2:]
    check(one, other, results.name)
    least = {name: min(values) for name, values in seconds.items()}
    return {"ratio": least["loop"] / least["ours"]} | least | {"AP": one["AP"]}


def read_and_loop(truth: Path, results: Path) -> dict[str, float]:
    return reference_loop.evaluate(*(json.loads(path.read_bytes()) for path in (truth, results)))


def ours(truth: Path, results: Path) -> dict[str, float]:
    return evaluate(truth, results).stats


def check(expected: dict[str, float], stats: dict[str, float], what: str) -> None:
    for name, value in expected.items():
        if stats[name] != value:
            raise SystemExit(f"{what}: {name} is {stats[name]!r}, of the loop {value!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sets", type=int, default=0, help="small random sets to compare first")
    parser.add_argument("--trackeval", type=Path, help="a clone of TrackEval, to be timed, too")
    options = parser.parse_args()
    for seed in range(options.sets):
        truth, found = small_set(seed)
        check(reference_loop.evaluate(truth, found), evaluate(truth, found).stats, f"set {seed}")
    if options.sets:
        print(f"{options.sets} random sets: all numbers equal", flush=True)
    compiled = bool(masks.compiled_part and json_input.compiled_part)
    for case, settings in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            numbers = timed_case(Path(folder), options, settings)
        line = {"case": case} | {k: round(v, 4) for k, v in numbers.items()}
        print(json.dumps(line | {"compiled": compiled}), flush=True)


def timed_case(folder: Path, options: argparse.Namespace, settings: dict) -> dict[str, float]:
    truth, results = data_set(**settings)
    paths = [folder / f"{name}.json" for name in ("truth", "results")]
    for path, content in zip(paths, (truth, results), strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    numbers = compared(*paths, options.rounds)
    numbers["MB"] = sum(path.stat().st_size for path in paths) / 1e6
    if options.trackeval and settings["frames"][1] < 100:
        own_form = truth if "run_lists" in settings else trackeval_times.as_it_reads(truth)
        paths = trackeval_times.laid_out(folder, own_form, results)
        del truth, results, own_form
        seconds, ap = trackeval_times.evaluated(options.trackeval, folder)
        begin = time.process_time()
        ours(*paths)
        own = time.process_time() - begin
        numbers |= {"trackeval_ratio": seconds / own, "trackeval": seconds, "trackeval_AP": ap}
    return numbers


if __name__ == "__main__":
    main()
