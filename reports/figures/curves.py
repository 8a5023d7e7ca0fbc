"""Curves of training, from records, or from the stage folders of older records."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from reports.figures.figure import Sources
from reports.figures.stage_folders import stage_folder
from reports.records.run_record import Record
from reports.statistics.confidence import Array

SMOOTHING = 20


Curve = dict[str, Array]  # "iteration" and what was measured then, (n,) each
Curves = dict[str, list[Curve]]  # by run, one for each seed


def load_curves(runs: Path, records: Sequence[Record]) -> tuple[Curves, Sources]:
    """Smoothed curves by run, and digests of the trainings that they show, by name of the
    record."""
    curves: Curves = {}
    sources: Sources = {}
    for record in records:
        lines = recorded(record) or logged(stage_folder(runs, record.train))
        if lines:
            curves.setdefault(record.run, []).append(smoothed(lines))
            sources[record.name] = record.trained
    return curves, sources


def recorded(record: Record) -> list[dict[str, float]]:
    """Measurements in the record itself, one dict for each point."""
    curve = record.train.get("metrics", {}).get("curve", {})
    return [dict(zip(curve, row, strict=True)) for row in zip(*curve.values(), strict=True)]


def logged(folder: Path | None) -> list[dict[str, float]]:
    """Measurements in the log.jsonl of a training's folder; none if that is gone."""
    path = folder / "log.jsonl" if folder else None
    if path is None or not path.is_file():
        return []
    return [
        json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
    ]


def smoothed(lines: Sequence[dict[str, float]]) -> Curve:
    """Columns of a training's lines: iteration, loss (its task terms summed) and, for gated models,
    open_fraction; (n,) each, all but the first smoothed."""
    curve = {"iteration": np.array([line["iteration"] for line in lines], float)}
    curve["loss"] = _smooth(np.array([task_loss(line) for line in lines]))
    if all("open_fraction" in line for line in lines):
        curve["open_fraction"] = _smooth(np.array([line["open_fraction"] for line in lines]))
    return curve


def task_loss(line: dict[str, float]) -> float:
    """Sum of a log line's loss terms except the routing budget."""
    terms = (v for k, v in line.items() if k.startswith("loss") and k != "loss_budget")
    return float(sum(terms))


def _smooth(values: Array) -> Array:
    """Centred moving mean over 1 / SMOOTHING of the points, fewer at the ends; (n,) -> (n,)."""
    reach = len(values) // SMOOTHING // 2
    total = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, len(values))
    return (total[high] - total[low]) / (high - low)
