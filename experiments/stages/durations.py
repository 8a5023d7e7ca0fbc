"""Expected durations of stages, from measurements of earlier ones where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.stages.json_files import Record, read_json
from experiments.stages.key import Spec
from experiments.stages.layout import Layout
from experiments.stages.outputs import read_record
from experiments.stages.stage import Stage


class Durations:
    """Expected seconds by kind and run: of stages measured here, else of records in results/, else
    the profile's.

    Measurements count by iteration where a stage has iterations, and in times of the profile's own
    width where a model is wider. times: of such a stage, by channels of the model.
    """

    def __init__(
        self, layout: Layout, expected: dict[str, float], times: Mapping[int, float] | None = None
    ) -> None:
        self.expected, self.times = expected, times or {}
        self.measured: dict[tuple[str, str | None], float] = {}
        kept = [*kept_records(layout.records), *kept_records(layout.own)]
        for record in [*kept, *stage_records(layout.runs)]:
            self._learn(record)

    def _learn(self, record: Record) -> None:
        seconds = record.get("seconds")
        if isinstance(seconds, int | float) and "shipped" not in record:
            spec = record.get("spec") or {}
            seconds /= iterations(spec) * self._times(spec)
            for run in (record.get("run") or record.get("name"), None):
                self.measured[str(record.get("stage")), run] = seconds

    def __call__(self, stage: Stage) -> float:
        kind, times = timed_as(stage), self._times(stage.spec)
        for key in ((kind, stage.run or stage.name), (kind, None)):
            if key in self.measured:
                return self.measured[key] * iterations(stage.spec) * times
        # an association is an evaluation by several trackers, most of whose time the network takes
        return self.expected["evaluate" if kind == "associate" else kind] * times

    def _times(self, spec: Spec) -> float:
        return self.times.get((spec.get("model") or {}).get("channels", 0), 1.0)


def timed_as(stage: Stage) -> str:
    """The kind of stage that takes as long: one at another scale has all validation videos."""
    scaled = stage.kind == "evaluate-dose" and stage.inputs["videos"].kind == "videos"
    return "evaluate" if scaled else stage.kind


def iterations(spec: Spec) -> int:
    """How many iterations a stage has by its settings; 1 for a stage without iterations."""
    return (spec.get("train") or {}).get("iterations", 1)


def stage_records(runs: Path) -> list[Record]:
    """All records below a profile's runs, oldest first."""
    found = [read_record(path.parent) for path in runs.glob("*/record.json")]
    return sorted(filter(None, found), key=lambda record: str(record.get("finished")))


def kept_records(folder: Path) -> list[Record]:
    """The stage records inside results/<profile>/records."""
    found = [read_json(path) or {} for path in folder.glob("*.json")]
    parts = [result.get(kind) for result in found for kind in ("train", "evaluate")]
    return [part for part in parts if isinstance(part, dict)]


def human(seconds: float) -> str:
    """ "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
