"""Statistics of the videos that a profile's records were evaluated on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.stages.layout import Layout
from experiments.stages.outputs import damage, read_record
from experiments.stages.stage import finished_folder
from reports.records.profile_manifest import load_profile
from reports.records.run_record import Record
from tpr.data.json_input import read_json
from tpr.files import write_atomically
from tpr.footage.measures import View
from tpr.footage.statistics import Statistics, statistics_of

PAPER_RANGES = (64.0, 128.0, 256.0, 512.0)  # of FCOS, where a profile does not say


def own_footage(layout: Layout, records: Iterable[Record]) -> Statistics | None:
    """Statistics kept in `layout.footage`; else those of the records' videos while these exist,
    which are then kept. Kept ones of other videos, or of a view that the profile had before, do not
    count.

    None where there is neither.
    """
    videos = {
        str(record.evaluate.get("dataset")): str(record.evaluate.get("inputs", {}).get("videos"))
        for record in records
    }
    kept: dict[str, Any] = read_json(layout.footage) if layout.footage.is_file() else {}
    view = view_of(layout)
    if kept.get("dataset") in videos and is_seen(kept["data"][0], view):
        return kept["data"][0]
    for dataset, key in videos.items():
        folder = sound_folder(layout.runs, key)
        if folder and view:
            found = statistics_of(folder / "val.json", view, "val.json")
            content = {"dataset": dataset, "data": [found]}
            write_atomically(layout.footage, json.dumps(content, indent=1) + "\n")
            return found
    return None


def is_seen(found: Statistics, view: View | None) -> bool:
    """Whether statistics are of frames as the profile sees them; of one without a manifest, yes."""
    seen = found["short_edge"], tuple(found["ranges"]), found["every"]
    return view is None or seen == (view.short_edge, tuple(view.ranges), view.every)


def view_of(layout: Layout) -> View | None:
    """How the profile's networks see frames in tests; None without a manifest that says it."""
    profile = load_profile(layout.manifests, layout.profile)
    if "model" not in profile or "infer" not in profile:
        return None
    ranges = profile["model"]["heads"]["blendmask"].get("fcos", {}).get("ranges", PAPER_RANGES)
    return View(profile["infer"]["short_edge"], tuple(map(float, ranges)))


def sound_folder(runs: Path, key: str) -> Path | None:
    """The finished stage with this key, unless a file of it is damaged."""
    folder = finished_folder(runs, key)
    return (
        None
        if folder is None or damage(folder, read_record(folder) or {}, thorough=True)
        else folder
    )
