"""Which records may be shown in one table: those that differ are left out and named, never averaged
in.

The record that finished last decides, as the settings at hand are those that were run last.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from experiments.declared.model_settings import PROFILE_WIDE
from experiments.declared.tables import Table
from experiments.stages.key import key_spec
from reports.records.run_record import Record

REFERENCE = "reference"  # the setting in which a control differs from its run
Identity = Callable[[Record], dict[str, str]]  # named properties as JSON text


def comparable(table: Table, records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Records of a table's runs that may stand side by side, and lines naming those left out.

    They agree with the record finished last: all on data and settings, runs of one image model on
    its pretrained weights, its tracking head and which detections count, seeds of one run on its
    whole specification.
    """
    wanted = [record for run in table.runs for record in records if record.run == run]
    kept, problems = _latest_group(wanted, partial(shared_identity, varies=table.varies))
    kept, more = _latest_of_each(kept, lambda record: record.run.split("+")[0], method_identity)
    ordered, rest = _latest_of_each(kept, lambda record: record.run, run_identity)
    return ordered, problems + more + rest


def _latest_of_each(
    records: list[Record], kind: Callable[[Record], str], identity: Identity
) -> tuple[list[Record], list[str]]:
    """`_latest_group` within each kind of record, kinds in the order of their first records."""
    kept: list[Record] = []
    problems: list[str] = []
    for name in dict.fromkeys(map(kind, records)):
        same, more = _latest_group([r for r in records if kind(r) == name], identity)
        kept += same
        problems += more
    return kept, problems


def shared_identity(record: Record, varies: Sequence[str] = ()) -> dict[str, str]:
    """What all records of one table must have in common, by name; settings in `varies` may
    differ."""
    common = [name for name in PROFILE_WIDE if name not in varies]
    model = record.train.get("spec", {}).get("model", {})
    evaluation = record.evaluate.get("spec", {})
    identity = {
        "dataset fingerprint": record.evaluate.get("dataset"),
        "video key": record.evaluate.get("inputs", {}).get("videos"),
        "version of evaluate": record.evaluate.get("stage_version"),
        "version of train": record.train.get("stage_version"),
        "training settings": _without(training_spec(record).get("train") or {}, REFERENCE),
        "model settings": {name: model.get(name) for name in common},
        "evaluation settings": _without(evaluation, "model", "seed", "run", "infer"),
        "inference settings": _without(evaluation.get("infer", {}), "detections", REFERENCE),
    }
    return _texts(identity)


def training_spec(record: Record) -> dict[str, Any]:
    """The training's settings as far as they are in its key: not how it was carried out."""
    return key_spec("train", record.train.get("spec", {}))


def method_identity(record: Record) -> dict[str, str]:
    """Properties that all runs of one image model must share; other image models have their own."""
    identity = {
        "pretrained weights": record.train.get("inputs", {}).get("pretrain"),
        "tracking head": record.train.get("spec", {}).get("model", {}).get("track"),
        "detections": record.evaluate.get("spec", {}).get("infer", {}).get("detections"),
    }
    return _texts(identity)


def run_identity(record: Record) -> dict[str, str]:
    """What the seeds of one run must have in common, by name."""
    identity = {
        "specification of train": _without(training_spec(record), "seed"),
        "specification of evaluate": _without(record.evaluate.get("spec", {}), "seed"),
    }
    return _texts(identity)


def _texts(identity: dict[str, Any]) -> dict[str, str]:
    return {name: json.dumps(value, sort_keys=True) for name, value in identity.items()}


def _without(spec: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name not in names}


def _latest_group(records: list[Record], identity: Identity) -> tuple[list[Record], list[str]]:
    """The records that agree with the one finished last, and lines that name the others."""
    groups: dict[tuple[tuple[str, str], ...], list[Record]] = {}
    for record in records:
        groups.setdefault(tuple(identity(record).items()), []).append(record)
    if len(groups) < 2:
        return records, []
    latest = max(groups, key=lambda key: (max(r.finished for r in groups[key]), len(groups[key])))
    others = [record for record in records if record not in groups[latest]]
    return groups[latest], _lines(others, dict(latest), identity)


def _lines(others: list[Record], expected: dict[str, str], identity: Identity) -> list[str]:
    """One line for each reason, naming the records."""
    reasons: dict[str, list[str]] = {}
    for record in others:
        reasons.setdefault(_reason(expected, identity(record)), []).append(record.name)
    return [
        f"Left out, not comparable with the latest run: {', '.join(names)} ({reason})"
        for reason, names in reasons.items()
    ]


def _reason(expected: dict[str, str], found: dict[str, str]) -> str:
    name = next(name for name in expected if expected[name] != found[name])
    if name != "dataset fingerprint":
        return f"different {name}"
    here, latest = (str(json.loads(side[name]))[:12] for side in (found, expected))
    return f"different {name}: {here}, not {latest}"
