"""The prediction of the held-out cells, results/<profile>/scale-prediction.json, written before
they are trained."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from experiments.declared.scale import Cell
from experiments.ship.shipped_records import SCALE, folder
from experiments.stages.layout import Layout
from reports.scale.plane import Predicted, Scales, load_scales_of
from tpr.data.json_input import read_json
from tpr.files import write_atomically


def load_foretold(layout: Layout) -> Scales | None:
    """With the prediction as written, after writing it if it is due. None for a profile that
    declares no scales."""
    scales = load_scales_of(layout)
    if scales is None:
        return None
    path = layout.scale_prediction
    known: dict[str, Any] = read_json(path) if path.is_file() else {}
    if scales.complete(scales.fitted) and not _begun(layout, scales):
        gains = _predictions(scales)
        if known.get("gains") != gains:
            known = {"written": datetime.now(UTC).isoformat(timespec="seconds"), "gains": gains}
            write_atomically(path, json.dumps(known, indent=1) + "\n")
    return replace(scales, prediction=dict(map(_read, known.get("gains", []))))


def _read(one: dict[str, Any]) -> tuple[tuple[str, Cell], Predicted]:
    low, high = one["interval"] or (None, None)
    bounds = None if low is None or high is None else (float(low), float(high))
    cell = Cell(float(one["width"]), int(one["videos"]))
    return (str(one["run"]), cell), Predicted(float(one["gain"]), bounds)


def _begun(layout: Layout, scales: Scales) -> bool:
    """Whether any held-out cell has been evaluated, by whatever record."""
    places = (folder(layout, SCALE), layout.own / SCALE)
    return any(
        any(place.glob(f"*-{cell.part}.json")) for place in places for cell in scales.held_out
    )


def _predictions(scales: Scales) -> list[dict[str, Any]]:
    pairs = [(run, cell) for run in scales.runs for cell in scales.held_out]
    found = [(*pair, scales.predicted(*pair)) for pair in pairs]
    return [
        {
            "run": run,
            "width": cell.width,
            "videos": cell.videos,
            "gain": one.mean,
            "interval": list(one.bounds) if one.bounds else None,
        }
        for run, cell, one in found
        if one
    ]
