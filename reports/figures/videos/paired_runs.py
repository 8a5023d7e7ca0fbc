"""A claim's two runs at one seed, with what their evaluations left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.declared.tables import Table
from reports.figures.figure import Sources
from reports.figures.stage_folders import stage_folder, videos_folder
from reports.records.run_record import Record, by_run


@dataclass(frozen=True)
class Pair:
    """Two runs at one seed whose results and videos are still at hand."""

    runs: tuple[str, str]  # the weaker and the stronger side of a claim
    seed: int
    results: tuple[Path, Path]
    videos: Path
    sources: Sources


def find_pair(runs: Path, table: Table, records: Sequence[Record]) -> Pair | None:
    """The claim with the largest published gain whose two runs have their folders below `runs`."""
    grouped = by_run(records)
    for claim in sorted(table.claims, key=lambda claim: -claim.gain):
        weaker, stronger = grouped.get(claim.than, {}), grouped.get(claim.better, {})
        for seed in sorted(weaker.keys() & stronger.keys()):
            pair = _pair(runs, weaker[seed], stronger[seed])
            if pair:
                return pair
    return None


def _pair(runs: Path, weaker: Record, stronger: Record) -> Pair | None:
    first, second = (_results(runs, record) for record in (weaker, stronger))
    videos = videos_folder(runs, weaker)
    if first is None or second is None or videos is None or not (videos / "val.json").is_file():
        return None
    sources = {record.name: record.evaluated for record in (weaker, stronger)}
    return Pair((weaker.run, stronger.run), weaker.seed, (first, second), videos, sources)


def _results(runs: Path, record: Record) -> Path | None:
    folder = stage_folder(runs, record.evaluate)
    return folder / "results.json" if folder and (folder / "results.json").is_file() else None
