"""Where the numbers come from: records with their keys, machines and packages, as text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.numbers import day, duration, machine, number, short
from reports.records.run_record import METRICS, Record


@dataclass(frozen=True)
class ProvenanceRow:
    """A record; evaluate, train, pretrain and dataset are the beginnings of keys."""

    run: str
    seed: str
    AP: list[str]  # by METRICS
    evaluate: str
    train: str
    pretrain: str
    shipped: bool  # whether the pretrained weights ship with the repository
    commit: str
    dirty: bool
    seconds: str
    finished: str
    machine: str
    dataset: str


@dataclass(frozen=True)
class PackageSet:
    """Package versions, and the names of the records that were made with exactly these."""

    packages: list[tuple[str, str]]
    records: list[str]


def provenance_row(record: Record) -> ProvenanceRow:
    git: dict[str, Any] = record.evaluate.get("git") or {}
    return ProvenanceRow(
        run=record.run,
        seed=f"{record.seed} own" if record.made_here else str(record.seed),
        AP=[number(record.metric(name)) for name in METRICS],
        evaluate=short(record.evaluate.get("key")),
        train=short(record.train.get("key")),
        pretrain=short(record.pretrain.get("key")),
        shipped=bool(record.pretrain) and "stage" not in record.pretrain,
        commit=short(git.get("commit"))[:9],
        dirty=bool(git.get("dirty")),
        seconds=duration(total_seconds([record])),
        finished=day(record.evaluate.get("finished")),
        machine=machine(record.evaluate.get("hardware")),
        dataset=short(record.evaluate.get("dataset")),
    )


def total_seconds(records: Sequence[Record]) -> float | None:
    """Sum over the training and evaluation of every record; pretraining is shared and not in it."""
    stages = [stage for r in records for stage in (r.train, r.evaluate)]
    seconds = [float(stage["seconds"]) for stage in stages if stage.get("seconds") is not None]
    return sum(seconds) if seconds else None


def machines(records: Sequence[Record]) -> list[tuple[str, int]]:
    """Machines with the number of records that each made, most first."""
    return Counter(machine(record.evaluate.get("hardware")) for record in records).most_common()


def package_sets(records: Sequence[Record]) -> list[PackageSet]:
    """Distinct sets of package versions, each with the records that were made with it."""
    sets: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for record in records:
        packages: dict[str, str] = record.evaluate.get("packages") or {}
        sets.setdefault(tuple(sorted(packages.items())), []).append(record.name)
    return [PackageSet(list(packages), names) for packages, names in sets.items()]
