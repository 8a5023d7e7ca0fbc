"""The page's picture of tracks: ground truth, a baseline and its TPR variant on the same frames."""

from collections.abc import Sequence
from pathlib import Path

from reports.figures.figure import Figure
from reports.figures.videos.extreme_clips import MIN_SCORE, extreme_clips, predictions
from reports.figures.videos.paired_runs import Pair
from tpr.data.media.picture_writer import encode_image
from tpr.data.prepared import open_split
from tpr.data.records import Track
from tpr.files import write_atomically
from tpr.visualize import comparison_sheet

VIDEOS, FRAMES = 3, 5


def draw_tracks(pair: Pair, folder: Path, name: str) -> Figure:
    """Write the contact sheet of `pair` to folder/name and describe it."""
    dataset = open_split(pair.videos, "val")
    found: dict[str, Sequence[Track]] = {**predictions(pair, dataset)}
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


def spread(items: Sequence[int], count: int) -> list[int]:
    """`count` evenly spaced items, without the first and last where there are enough."""
    places = sorted({(2 * i + 1) * len(items) // (2 * count) for i in range(count)})
    return [items[place] for place in places if place < len(items)]
