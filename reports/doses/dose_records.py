"""Records of evaluations on dosed videos, results/<profile>/doses/*.json."""

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.ship.shipped_records import DOSES, unshipped, usable
from experiments.stages.key import key_spec
from experiments.stages.layout import Layout
from reports.records.run_record import Record
from tpr.data.json_input import read_json


@dataclass(frozen=True)
class DoseRecord(Record):
    """A record of videos at one dose. trained_at_dose: whether the model was trained at it, too."""

    factor: str = ""
    dose: float = 0.0
    trained_at_dose: bool = False

    @property
    def name(self) -> str:
        at = ", trained at it" if self.trained_at_dose else ""
        return f"{self.run} seed {self.seed} at {self.factor} {self.dose:g}{at}"


@dataclass(frozen=True)
class DoseRecords:
    """kept: those that may stand side by side; left_out: how many usable ones may not; unshipped:
    how many were made here beside those that ship, and are not shown."""

    kept: list[DoseRecord]
    left_out: int
    unshipped: int


def load_dose_records(layout: Layout) -> DoseRecords:
    """Of a profile's usable records those that agree with the latest: at each dose on the same
    videos, of each run with the settings of the record finished last, of each seed with the same
    weights.

    Raises ValueError for a file that is no such record.
    """
    read = [_parse(path) for path in usable(layout, DOSES)]
    read = [one for one in read if one.profile == layout.profile]
    found = _as_latest(read, lambda r: (r.factor, r.dose, r.trained_at_dose), _videos)
    found = _as_latest(found, lambda r: (r.run, r.trained_at_dose), _settings)
    found = _as_latest(
        found, lambda r: (r.run, r.seed, r.trained_at_dose and (r.factor, r.dose)), _weights
    )
    return DoseRecords(found, len(read) - len(found), len(unshipped(layout, DOSES)))


def _parse(path: Path) -> DoseRecord:
    raw = read_json(path)
    try:
        return DoseRecord(
            run=str(raw["run"]),
            seed=int(raw["seed"]),
            profile=str(raw["profile"]),
            evaluate=raw["evaluate"],
            train=raw["train"] or {},
            pretrain={},
            factor=str(raw["dose"]["factor"]),
            dose=float(raw["dose"]["value"]),
            trained_at_dose=bool(raw["trained_at_dose"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no record of a dose: {error!r}") from None


def _as_latest(
    records: Sequence[DoseRecord],
    group: Callable[[DoseRecord], Hashable],
    identity: Callable[[DoseRecord], str],
) -> list[DoseRecord]:
    """Those that agree with the one of their group that was finished last."""
    latest: dict[Hashable, DoseRecord] = {}
    for one in sorted(records, key=lambda record: record.finished):
        latest[group(one)] = one
    return [one for one in records if identity(one) == identity(latest[group(one)])]


def _videos(record: DoseRecord) -> str:
    return _text(record.evaluate["inputs"]["videos"], record.evaluate["spec"]["evaluation"])


def _settings(record: DoseRecord) -> str:
    spec = key_spec("train", record.train.get("spec", {}))
    return _text({k: v for k, v in spec.items() if k != "seed"}, record.evaluate["spec"])


def _weights(record: DoseRecord) -> str:
    return str(record.evaluate["inputs"]["train"])


def _text(*content: Any) -> str:
    return json.dumps(content, sort_keys=True)
