"""What every tracker made of a run's detections, as results keep it."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.ship.publish import source
from experiments.stages.json_files import read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage


def write_trackers(stages: Iterable[Stage], layout: Layout) -> None:
    """Writes results/<profile>/trackers/<run>-seed<k>.json of those that are finished, where it is
    new."""
    for stage in stages:
        record = source(stage.record(layout))
        path = layout.trackers / f"{stage.name}.json"
        named = {"run": stage.run, "seed": stage.seed, "profile": stage.profile}
        result = named | {"associate": record}
        if record is not None and result != read_json(path):
            write_json(path, result)
