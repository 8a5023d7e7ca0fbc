"""The record of one run at one seed, results/<profile>/records/<run>-seed<k>.json."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from experiments.declared.measures import MEASURES, PARTS
from experiments.declared.tables import METRICS
from experiments.stages.json_files import canonical
from reports.statistics.confidence import Array
from tpr.data.json_input import read_json
from tpr.evaluation.draws import unpack_draws
from tpr.terminal import printable

__all__ = [
    "METRICS",
    "NAN",
    "Record",
    "by_run",
    "load_records",
    "mean_metric",
    "paired_differences",
]

NAN = float("nan")


@dataclass(frozen=True)
class Record:
    """One run at one seed: its evaluation and the stages that led to it, as their record.json.

    made_here: by the user of this copy, where the repository ships records of its own.
    """

    run: str
    seed: int
    profile: str
    evaluate: dict[str, Any]
    train: dict[str, Any]
    pretrain: dict[str, Any]
    made_here: bool = False

    @property
    def name(self) -> str:
        return f"{self.run} seed {self.seed}" + (" (own)" if self.made_here else "")

    @property
    def file_name(self) -> str:
        return f"{self.run}-seed{self.seed}.json"

    @property
    def evaluation_key(self) -> str:
        """Key of the evaluation stage."""
        return str(self.evaluate.get("key"))

    @cached_property
    def evaluated(self) -> str:
        """Digest that identifies the evaluation, for figures of its outputs: key, time, AP and
        AR."""
        return _digest(self.evaluate, {name: self.metrics.get(name) for name in METRICS})

    @cached_property
    def measured(self) -> str:
        """Digest of all numbers of the evaluation, for figures that show them."""
        numbers = {k: v for k, v in self.metrics.items() if not isinstance(v, str)}  # packed draws
        return _digest(self.evaluate, numbers)

    @cached_property
    def trained(self) -> str:
        """Digest that identifies the training, for figures of its outputs or curves."""
        return _digest(self.train, self.train.get("metrics"))

    @property
    def finished(self) -> str:
        """When the evaluation ended: ISO 8601, whose order as text is that of time; "" if
        unknown."""
        return str(self.evaluate.get("finished", ""))

    @property
    def metrics(self) -> dict[str, Any]:
        """The evaluation's metrics as recorded."""
        return self.evaluate["metrics"]

    @property
    def videos(self) -> int:
        """Number of videos of the evaluation, 0 if unknown."""
        return int(self.metrics.get("videos") or 0)

    def metric(self, name: str) -> float:
        """A metric or measure of the evaluation, in percent; NaN when undefined."""
        value = self._part(*PARTS[name]) if name in PARTS else self.metrics.get(name)
        return NAN if value is None else float(value)

    def _part(self, grouping: str, name: str) -> float | None:
        """AP on a part of the validation videos."""
        difficulty: dict[str, Any] = self.metrics.get("difficulty") or {}
        groups = difficulty.get(grouping, [])
        return next((group["AP"] for group in groups if group["name"] == name), None)

    def draws(self, name: str) -> Array | None:
        """(B,) values of a metric for videos drawn with replacement, in percent, NaN if undefined.

        None where the record holds none. Raises ValueError for draws that cannot be read.
        """
        text = self.metrics.get(f"{name}_draws")
        return None if text is None else 100 * unpack_draws(text)


def _digest(stage: dict[str, Any], numbers: Any) -> str:
    text = canonical([stage.get("key"), stage.get("finished"), numbers])
    return hashlib.sha256(text.encode()).hexdigest()


def load_records(folder: Path, profile: str) -> tuple[list[Record], list[str]]:
    """The usable records of a folder by run and seed, and a line for each unusable file."""
    records: dict[tuple[str, int], Record] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            record = _parse(read_json(path), profile)
            if (record.run, record.seed) in records:
                raise ValueError(f"a second record of {record.name}")
            records[record.run, record.seed] = record
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else error
            problems.append(f"{path.name} is not used: {printable(reason)}")
    return [records[key] for key in sorted(records)], problems


def _parse(raw: dict[str, Any], profile: str) -> Record:
    record = Record(
        evaluate=raw["evaluate"],
        train=raw.get("train") or {},
        pretrain=raw.get("pretrain") or {},
        run=str(raw["run"]),
        seed=int(raw["seed"]),
        profile=str(raw["profile"]),
    )
    if record.profile != profile:
        raise ValueError(f"it belongs to profile {record.profile}, not {profile}")
    for name in (*METRICS, *MEASURES):
        record.metric(name)
        record.draws(name)
    return record


def by_run(records: Sequence[Record]) -> dict[str, dict[int, Record]]:
    """{run: {seed: record}}."""
    grouped: dict[str, dict[int, Record]] = {}
    for record in records:
        grouped.setdefault(record.run, {})[record.seed] = record
    return grouped


def mean_metric(records: Sequence[Record], metric: str) -> float:
    """Mean over records of one run, in percent; NaN without a record."""
    return float(np.mean([record.metric(metric) for record in records])) if records else NAN


def paired_differences(
    records: Sequence[Record], better: str, than: str, metric: str = "AP"
) -> dict[int, float]:
    """{seed: metric of `better` minus metric of `than`} over the seeds that both runs have."""
    runs = by_run(records)
    first, second = runs.get(better, {}), runs.get(than, {})
    shared = sorted(first.keys() & second.keys())
    gaps = {seed: first[seed].metric(metric) - second[seed].metric(metric) for seed in shared}
    return {seed: gap for seed, gap in gaps.items() if np.isfinite(gap)}
