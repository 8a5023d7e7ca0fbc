"""What trackers made of detections, results/<profile>/trackers/*.json: a record for each."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.ship.shipped_records import TRACKERS, usable
from experiments.stages.layout import Layout
from reports.records.run_record import Record
from tpr.data.json_input import read_json


@dataclass(frozen=True)
class TrackerRecords:
    """by_tracker: records that may stand side by side, by the tracker's name; left_out: files of
    other videos or settings than the latest."""

    by_tracker: dict[str, list[Record]]
    left_out: int


def load_tracker_records(layout: Layout) -> TrackerRecords:
    """Of the usable ones those on the videos, and by the evaluation, of the file finished last, and
    of each run with the settings of its own last one.

    Raises ValueError for a file that does not hold what trackers made.
    """
    files = [(path, read_json(path)) for path in usable(layout, TRACKERS)]
    split = [_by_tracker(path, raw) for path, raw in files if raw.get("profile") == layout.profile]
    split.sort(key=lambda some: some[0][1].finished)
    kept = [some for some in split if _videos(some[0][1]) == _videos(split[-1][0][1])]
    latest = {some[0][1].run: _settings(some[0][1]) for some in kept}
    kept = [some for some in kept if _settings(some[0][1]) == latest[some[0][1].run]]
    found: dict[str, list[Record]] = {}
    for some in kept:
        for name, record in some:
            found.setdefault(name, []).append(record)
    return TrackerRecords(found, len(split) - len(kept))


def _by_tracker(path: Path, raw: dict[str, Any]) -> list[tuple[str, Record]]:
    """A record for each tracker of a file, whose evaluation is the tracker's alone."""
    try:
        made = raw["associate"]
        return [
            (
                name,
                Record(
                    run=str(raw["run"]),
                    seed=int(raw["seed"]),
                    profile=str(raw["profile"]),
                    evaluate=made | {"metrics": metrics},
                    train={},
                    pretrain={},
                ),
            )
            for name, metrics in made["metrics"]["trackers"].items()
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} holds no results of trackers: {error!r}") from None


def _videos(record: Record) -> str:
    made = record.evaluate
    chosen = [made["inputs"]["videos"], made["spec"].get("videos"), made["spec"]["evaluation"]]
    return json.dumps(chosen, sort_keys=True)


def _settings(record: Record) -> str:
    return json.dumps(record.evaluate["spec"], sort_keys=True)
