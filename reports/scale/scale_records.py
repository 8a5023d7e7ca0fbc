"""Records of runs trained at other scales, results/<profile>/scale/*.json."""

import json
from dataclasses import dataclass
from pathlib import Path

from experiments.declared.scale import Cell
from experiments.ship.shipped_records import SCALE, usable
from experiments.stages.key import key_spec
from experiments.stages.layout import Layout
from reports.records.run_record import Record
from tpr.data.json_input import read_json


@dataclass(frozen=True)
class ScaleRecord(Record):
    """A record of one cell of the grid. trained_on: number of training videos."""

    width: float = 1.0
    trained_on: int = 0

    @property
    def cell(self) -> Cell:
        return Cell(self.width, self.trained_on)

    @property
    def name(self) -> str:
        return f"{self.run} seed {self.seed} {self.cell.part}"


def load_scale_records(layout: Layout) -> list[ScaleRecord]:
    """The usable records of a profile that may stand side by side: of the same validation videos
    and settings, but for the model's, as the one that was finished last.

    Raises ValueError for a file that is no such record.
    """
    found = [_parse(path) for path in usable(layout, SCALE)]
    found = [one for one in found if one.profile == layout.profile]
    last = max(found, key=lambda record: record.finished, default=None)
    return [one for one in found if last and _settings(one) == _settings(last)]


def _parse(path: Path) -> ScaleRecord:
    raw = read_json(path)
    try:
        return ScaleRecord(
            run=str(raw["run"]),
            seed=int(raw["seed"]),
            profile=str(raw["profile"]),
            evaluate=raw["evaluate"],
            train=raw["train"] or {},
            pretrain=raw["pretrain"] or {},
            width=float(raw["scale"]["width"]),
            trained_on=int(raw["scale"]["videos"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is no record of a scale: {error!r}") from None


def _settings(record: ScaleRecord) -> str:
    evaluated = {k: v for k, v in record.evaluate["spec"].items() if k != "model"}
    trained = key_spec("train", record.train.get("spec", {})).get("train")
    videos = record.evaluate["inputs"]["videos"]
    return json.dumps([videos, evaluated, trained], sort_keys=True)
