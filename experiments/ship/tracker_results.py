"""What every tracker made of a run's detections, as results keep it."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.ship.evaluation_record import source
from experiments.ship.shipped_matches import copy_matches, kept_matches, matches_of
from experiments.ship.shipped_records import TRACKERS, record_path
from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from tpr.files import sha256


def write_trackers(stages: Iterable[Stage], layout: Layout) -> None:
    """Writes results/<profile>/trackers/<run>-seed<k>.json of those that are finished, where it is
    new, and beside it the matches of each tracker. Where one of that name ships, both go to
    own/trackers/."""
    for stage in stages:
        record = source(stage.record(layout))
        if record is None:
            continue
        name = f"{stage.name}.json"
        path = record_path(layout, name, TRACKERS)
        found = {
            tracker: kept_matches(stage, layout, f"{tracker}.npz.xz")
            for tracker in record["metrics"].get("trackers", {})
        }
        matches = {tracker: kept for tracker, kept in found.items() if kept}
        if matches:
            record["matches"] = {tracker: sha256(kept) for tracker, kept in matches.items()}
        named = {"run": stage.run, "seed": stage.seed, "profile": stage.profile}
        result = named | {"associate": record}
        if result not in (read_json(path), read_json(layout.trackers / name)):
            for tracker, kept in matches.items():
                copy_matches(kept, matches_of(path, tracker))
            write_json(path, result)
