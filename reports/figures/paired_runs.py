"""A claim's two runs at one seed, with what their evaluations left behind."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.figures.stage_folders import stage_folder
from reports.paper.published_tables import Table
from reports.records.run_record import Record, by_run

if TYPE_CHECKING:
    from tpr.data.records import Track
    from tpr.data.youtube_vis import YouTubeVIS


@dataclass(frozen=True)
class Pair:
    """Two runs at one seed whose results and videos are still at hand."""

    runs: tuple[str, str]  # the weaker and the stronger side of a claim
    seed: int
    results: tuple[Path, Path]
    videos: Path
    sources: dict[str, str]


def find_pair(runs: Path, table: Table, records: list[Record]) -> Pair | None:
    """The claim with the largest published gain whose two runs have their folders below `runs`."""
    grouped = by_run(records)
    for claim in sorted(table.claims, key=lambda claim: -claim.published_gain):
        sides = (grouped.get(claim.than, {}), grouped.get(claim.better, {}))
        for seed in sorted(sides[0].keys() & sides[1].keys()):
            pair = _pair(runs, (sides[0][seed], sides[1][seed]))
            if pair:
                return pair
    return None


def _pair(runs: Path, records: tuple[Record, Record]) -> Pair | None:
    folders = [stage_folder(runs, record.evaluate) for record in records]
    videos = stage_folder(runs, {"key": records[0].evaluate.get("inputs", {}).get("videos")})
    if videos is None or None in folders:
        return None
    results = tuple(folder / "results.json" for folder in folders)
    if not all(path.is_file() for path in (*results, videos / "val.json")):
        return None
    names = tuple(record.run for record in records)
    sources = {record.name: record.evaluate["key"] for record in records}
    return Pair(names, records[0].seed, results, videos, sources)


def predictions(pair: Pair, dataset: "YouTubeVIS") -> dict[str, list["Track"]]:
    """The tracks of both runs, by run."""
    from tpr.data.findings import Tally
    from tpr.data.results import read_results

    paths = zip(pair.runs, pair.results, strict=True)
    return {run: read_results(path, dataset.annotations, Tally().add) for run, path in paths}
