"""Temporal modules of one table whose trained weights, and the videos, are still at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiments.declared.tables import Table
from reports.figures.figure import Sources
from reports.figures.stage_folders import trained_weights, videos_folder
from reports.records.run_record import Record, by_run


@dataclass(frozen=True)
class TrainedModules:
    """Runs with a temporal module at one seed; `specs` are those of their evaluations."""

    specs: dict[str, dict[str, Any]]  # by run
    weights: dict[str, Path]  # by run
    seed: int
    videos: Path
    sources: Sources


def find_trained(runs: Path, table: Table, records: Sequence[Record]) -> TrainedModules | None:
    """The table's runs at the seed for which most modules are available; of equals the lowest seed.

    None where no module but TPR is available.
    """
    chosen: list[tuple[Record, Path]] = []
    for seed in sorted({record.seed for record in records}):
        found = _at_hand(runs, table, records, seed)
        chosen = max(chosen, found, key=lambda some: len({module_name(r) for r, _ in some}))
    if {module_name(r) for r, _ in chosen} <= {"tpr"}:
        return None
    first = chosen[0][0]
    videos = videos_folder(runs, first)
    if videos is None:
        return None
    specs = {r.run: r.evaluate["spec"] for r, _ in chosen}
    weights = {r.run: path for r, path in chosen}
    sources = {r.name: r.trained for r, _ in chosen}
    return TrainedModules(specs, weights, first.seed, videos, sources)


def _at_hand(
    runs: Path, table: Table, records: Sequence[Record], seed: int
) -> list[tuple[Record, Path]]:
    """The table's runs with a temporal module whose weights at this seed exist, and their paths."""
    grouped = by_run(records)
    found = [grouped[run][seed] for run in table.runs if seed in grouped.get(run, {})]
    weights = [(record, trained_weights(runs, record)) for record in found if module_name(record)]
    return [(record, path) for record, path in weights if path]


def module_name(record: Record) -> str | None:
    """Name of the run's temporal module, None without one."""
    temporal = record.evaluate.get("spec", {}).get("model", {}).get("temporal")
    return temporal["name"] if temporal else None
