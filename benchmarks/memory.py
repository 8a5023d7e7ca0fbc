"""Peak memory of training, inference on a short and a long video, and evaluation of a long one.

Each case runs in a process of its own. `peak_mb` is its largest resident size, `start_mb` the size
before the work, with everything loaded that does not depend on it. `frames_mb` and `masks_mb` are
what all frames, or masks, of the video would take at once, at a byte a value.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from experiments.stages.progress import QuietLog

RUN, PROFILE = "blendmask-r50+tpr", "mini"
ITERATIONS = 5
TRACKS, RESULTS, LONG, HD = 5, 25, 500, (720, 1280)  # of the evaluation


def peak() -> float:
    """MB that this process had in memory at most until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stages() -> Any:
    """The training of RUN under its profile, and its evaluation."""
    from experiments.declared.manifests import load_manifests
    from experiments.pipeline.graph import Graph
    from experiments.stages.layout import ROOT, Layout

    manifests = load_manifests(Layout(PROFILE, ROOT).manifests)
    return Graph(manifests.runs, manifests.profile(PROFILE)).evaluate(RUN, 0)


def videos(folder: Path, count: int, frames: int) -> Path:
    """Generated validation videos of the profile's size and look."""
    from tpr.data.mini import generate

    split = stages().inputs["videos"].spec["splits"]["val"] | {"videos": count, "frames": frames}
    generate(folder, {"val": split}, seed=0)
    return folder


def dataset(folder: Path) -> Any:
    from tpr.data.prepared import open_split

    return open_split(folder, "val")


def training(folder: Path) -> dict[str, float]:
    """A few iterations of the profile's fine-tuning."""
    from baselines.registry import BASELINES
    from experiments.stages.layout import ROOT, Layout
    from tpr.training.loop import finetune

    stage = stages().inputs["train"]
    settings = stage.spec["train"] | {"iterations": ITERATIONS, "log_every": 1}
    weights = Layout(PROFILE, ROOT).weights / f"{stage.inputs['pretrain'].name}.pt"
    data, start = dataset(folder), peak()
    finetune(
        stage.spec | {"train": settings}, data, weights, folder, QuietLog(), temporal=BASELINES
    )
    return {"start_mb": start, "peak_mb": peak()}


def inference(folder: Path) -> dict[str, float]:
    """The trained model that ships over one video, as the evaluation stage runs it."""
    from baselines.registry import BASELINES
    from experiments.stages.layout import ROOT, Layout
    from tpr.inference.online import infer
    from tpr.weights import checkpoint
    from tpr.weights.quantised import unpacked

    spec, data, shipped = stages().spec, dataset(folder), Layout(PROFILE, ROOT).weights
    packed, base = (shipped / name for name in (f"models/{RUN}.pt", "blendmask-r50.pt"))
    state = unpacked(checkpoint.load(packed), checkpoint.load(base))
    checkpoint.save(state, folder / "weights.pt")
    start, video = peak(), data.videos[0]
    infer(spec, data, folder / "weights.pt", folder, QuietLog(), temporal=BASELINES)
    return {
        "frames": video.length,
        "start_mb": start,
        "peak_mb": peak(),
        "frames_mb": video.length * video.height * video.width * 3 / 2**20,
        "results_mb": (folder / "results.json").stat().st_size / 2**20,
        "tracks": len(json.loads((folder / "results.json").read_text(encoding="utf-8"))),
    }


def evaluation(folder: Path) -> dict[str, float]:
    """AP of one long video of 1280x720 from its two files."""
    from tpr.evaluation import evaluate

    start = peak()
    evaluate(folder / "val.json", folder / "results.json")
    pixels = (TRACKS + RESULTS) * LONG * HD[0] * HD[1]
    sizes = [(folder / name).stat().st_size / 2**20 for name in ("val.json", "results.json")]
    return {
        "frames": LONG,
        "tracks": TRACKS + RESULTS,
        "start_mb": start,
        "peak_mb": peak(),
        "masks_mb": pixels / 2**20,
        "files_mb": sum(sizes),
    }


def long_video(folder: Path) -> None:
    """True tracks and results of discs that wobble through a long video; some lie on no object."""
    import numpy as np

    from benchmarks.evaluator import Blob

    rng = np.random.default_rng(0)
    discs = [Blob(rng) for _ in range(TRACKS)]
    found = [Blob(rng, like) for like in [*discs, *[None] * TRACKS] * (RESULTS // TRACKS // 2 + 1)]
    truths = [track(disc, rng) | {"id": k, "iscrowd": 0} for k, disc in enumerate(discs, 1)]
    results = [track(disc, rng) | {"score": rng.random()} for disc in found[:RESULTS]]
    names = [f"{t}.jpg" for t in range(LONG)]
    video = {"id": 1, "height": HD[0], "width": HD[1], "length": LONG, "file_names": names}
    content = {"videos": [video], "annotations": truths, "categories": [{"id": 1, "name": "disc"}]}
    folder.mkdir()
    (folder / "val.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")


def track(disc: Any, rng: Any) -> dict[str, Any]:
    masks = [disc.mask(t % 20, 0.5, rng) for t in range(LONG)]  # back and forth, not out of sight
    named = {"video_id": 1, "category_id": 1, "segmentations": masks}
    return named | {"areas": [1] * LONG}


Case = tuple[Callable[[Path], object], Callable[[Path], dict[str, float]]]
CASES: dict[str, Case] = {  # what makes the data, and what is measured
    "training": (lambda data: videos(data, 12, 8), training),
    "inference of 50 frames": (lambda data: videos(data, 1, 50), inference),
    "inference of 500 frames": (lambda data: videos(data, 1, 500), inference),
    "evaluation of 500 frames": (long_video, evaluation),
}


def run_here(name: str, data: Path) -> None:
    """Makes a case's data where there are none, else runs it and reports."""
    make, work = CASES[name]
    if not data.exists():
        make(data)
    else:
        numbers = {name: round(value, 1) for name, value in work(data).items()}
        print(json.dumps({"case": name} | numbers), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--case", choices=CASES, help="only this one")
    parser.add_argument("--data", type=Path, help="do it here: make this folder, or measure on it")
    options = parser.parse_args()
    if options.data:
        return run_here(options.case, options.data)
    for name in [options.case] if options.case else CASES:
        with tempfile.TemporaryDirectory(prefix="tpr-memory-") as folder:
            command = [sys.executable, "-m", "benchmarks.memory", "--case", name]
            for _ in ("make", "measure"):  # this process stays small: a child's peak counts it
                subprocess.run([*command, "--data", f"{folder}/data"], check=True)


if __name__ == "__main__":
    main()
