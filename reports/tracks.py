"""The page's picture of tracks: ground truth, a baseline and its TPR variant on the same frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reports.curves import stage_folder
from reports.figures import Figure
from reports.layout import write_atomically
from reports.manifest import Table
from reports.records import Record, by_run

if TYPE_CHECKING:
    from tpr.data.records import Track
    from tpr.data.youtube_vis import YouTubeVIS

VIDEOS, FRAMES = 3, 5
MIN_SCORE = 0.3


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


def draw_tracks(pair: Pair, folder: Path, name: str) -> Figure:
    """Write the contact sheet of `pair` to folder/name and describe it."""
    from reports.clips import extreme_clips
    from tpr.data.prepared import open_split
    from tpr.visualize import comparison_sheet, encode_image

    dataset = open_split(pair.videos, "val")
    found = predictions(pair, dataset)
    extremes = extreme_clips(pair)
    places = [clip.index for clip in extremes] + spread(range(len(dataset.videos)), VIDEOS - 2)
    videos = [dataset.videos[place] for place in dict.fromkeys(places)]
    sheet = comparison_sheet(dataset, found, videos, frames=FRAMES, min_score=MIN_SCORE)
    said = ", ".join(clip.words for clip in extremes)
    write_atomically(folder / name, encode_image(sheet, Path(name).suffix))
    return Figure(
        name,
        "Predicted tracks",
        f"Frames of {len(videos)} validation videos in rows: ground truth, {pair.runs[0]} and "
        f"{pair.runs[1]}, with object masks coloured by track.",
        f"Seed {pair.seed}; {said}; then one from the middle of the validation set, not chosen by "
        f"result. Same colour, same track; a prediction takes the colour of the true track that "
        f"it overlaps most over the whole video. Predictions with a score of at least {MIN_SCORE}.",
        pair.sources,
    )


def predictions(pair: Pair, dataset: "YouTubeVIS") -> dict[str, list["Track"]]:
    """The tracks of both runs, by run."""
    from tpr.data.findings import Tally
    from tpr.data.results import read_results

    paths = zip(pair.runs, pair.results, strict=True)
    return {run: read_results(path, dataset.annotations, Tally().add) for run, path in paths}


def spread(items: Sequence, count: int) -> list:
    """`count` items evenly spaced, first and last left aside where there are enough."""
    places = sorted({(2 * i + 1) * len(items) // (2 * count) for i in range(count)})
    return [items[place] for place in places if place < len(items)]
