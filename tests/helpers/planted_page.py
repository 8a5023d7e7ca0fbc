"""Records of runs whose true gains are known, for tests of what a page says of them.

Every run has a score on every video at every seed, and its AP is their mean: with the effects that
real records show, and with gains and faults planted in it.
"""

from pathlib import Path

import numpy as np

from tests.helpers.fake_records import record, write_manifest, write_record
from tpr.evaluation.metrics import bootstrap_weights

BASE, VIDEOS = "blendmask-r50", 200
PUBLISHED = 2.0  # gain of every claim
GAINS = {"helps": 2.0, "harms": -2.0, "nothing": 0.0, "wild": 0.0, "no-op": 0.0, "leaks": 2.0}
SEED, WILD_SEED = 0.2, 1.4  # standard deviations of AP over seeds, on all videos
INTERACTION, VIDEO_EFFECT = 0.35, 0.15  # those of seed and videos, and of a module on videos
WEIGHTS = bootstrap_weights(VIDEOS, 400, 0) / VIDEOS


def run_of(name: str) -> str:
    return f"{BASE}+{name}"


def manifest() -> str:
    runs = [BASE, *map(run_of, GAINS)]
    rows = "".join(f"  - {{run: {run}}}\n" for run in runs)
    claims = "".join(
        f"  - {{name: {name}, better: {run_of(name)}, than: {BASE}, published_gain: {PUBLISHED}}}\n"
        for name in GAINS
    )
    return f"table: 1a\ntitle: planted\npaper: Table 1(a)\nrows:\n{rows}claims:\n{claims}"


def write_page(root: Path, seeds: int, rng: np.random.Generator) -> None:
    """The manifest, and records of all runs. `no-op` repeats the base run to the last digit, seed 1
    of `leaks` is its seed 0, `wild` varies over seeds several times as much as the others."""
    write_manifest(root, manifest())
    shared = rng.normal(scale=15.0, size=VIDEOS)  # some videos are harder, for all runs
    base = 30.0 + shared + _luck(seeds, SEED, rng)
    for name, gain in GAINS.items():
        scores = 30.0 + gain + shared + rng.normal(scale=VIDEO_EFFECT * VIDEOS**0.5, size=VIDEOS)
        scores = scores + _luck(seeds, WILD_SEED if name == "wild" else SEED, rng)
        if name == "no-op":
            scores = base
        if name == "leaks":
            scores[1] = scores[0]
        _write(root, run_of(name), scores)
    _write(root, BASE, base)


def _luck(seeds: int, of_seed: float, rng: np.random.Generator) -> np.ndarray:
    """(seeds, VIDEOS) effects of seeds, and of seeds and videos."""
    both = rng.normal(scale=INTERACTION * VIDEOS**0.5, size=(seeds, VIDEOS))
    return both + rng.normal(scale=of_seed, size=(seeds, 1))


def _write(root: Path, run: str, scores: np.ndarray) -> None:
    for seed, one in enumerate(scores):
        draws = WEIGHTS @ one
        write_record(root, record(run, seed, float(one.mean()), draws=draws.tolist()))
