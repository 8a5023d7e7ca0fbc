"""The page's clip viewer and its still of the gates: drawn while the runs' folders exist, kept
afterwards."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from reports.figures.figure import Figure
from reports.figures.stage_folders import trained_weights
from reports.figures.videos.extreme_clips import (
    MIN_SCORE,
    Clip,
    clip_data,
    extreme_clips,
    predictions,
)
from reports.figures.videos.gate_play import GateMaps, gate_maps_in_clip
from reports.figures.videos.paired_runs import Pair
from reports.figures.videos.picture_cells import Image, fitted, heat, named_row
from reports.records.run_record import Record
from tpr.data.media.picture_writer import encode_image
from tpr.data.prepared import open_split
from tpr.data.records import Track
from tpr.data.youtube_vis import YouTubeVIS
from tpr.drawing.tracks import DrawnTrack
from tpr.files import write_atomically
from tpr.visualize import predicted_tracks, true_tracks

STILL = "gate-maps.jpg"
COLUMNS, CELL = 5, (176, 106)  # frames of the still and the size of one, in pixels


def draw_viewer(pair: Pair, better: Record, runs: Path, folder: Path, name: str) -> Figure:
    """Write the clips to folder/name, a line of JSON each, and the still; describe them.

    better: the record of the pair's stronger run, whose gates are shown if its weights are there.
    """
    dataset = open_split(pair.videos, "val")
    found = predictions(pair, dataset)
    weights = trained_weights(runs, better)
    lines: list[str] = []
    played: list[tuple[Clip, GateMaps]] = []
    for clip in extreme_clips(pair):
        maps: GateMaps = {}
        if weights:
            maps = gate_maps_in_clip(better.evaluate["spec"], weights, dataset, clip.index)
        data = clip_data(dataset, clip, _tracks(dataset, clip, found), maps)
        lines.append(json.dumps(data, separators=(",", ":")) + "\n")
        played.append((clip, maps))
    write_atomically(folder / name, "".join(lines))
    still = gate_still(dataset, *played[0])
    if still is not None:
        write_atomically(folder / STILL, encode_image(still, Path(STILL).suffix))
    said = "; ".join(f"video {dataset.videos[clip.index].id}, {clip.words}" for clip, _ in played)
    return Figure(
        name,
        "Two clips, frame by frame",
        f"Outlines of tracks over video frames, and gate maps. {said}.",
        f"{pair.runs[0]} and {pair.runs[1]}, seed {pair.seed}: the validation videos with the "
        f"largest gain and the largest loss in AP of {pair.runs[1]}, so both are extremes. Same "
        f"colour, same track. Predictions with a score of at least {MIN_SCORE}.",
        pair.sources,
        STILL if still is not None else None,
    )


def _tracks(
    dataset: YouTubeVIS, clip: Clip, found: dict[str, list[Track]]
) -> dict[str, Sequence[DrawnTrack]]:
    """True tracks and those of each run, by name."""
    video = dataset.videos[clip.index]
    truth = true_tracks(dataset, video)
    shown: dict[str, Sequence[DrawnTrack]] = {"ground truth": truth}
    return shown | {
        run: predicted_tracks(dataset, video, tracks, min_score=MIN_SCORE, truth=truth)
        for run, tracks in found.items()
    }


def gate_still(dataset: YouTubeVIS, clip: Clip, maps: GateMaps) -> Image | None:
    """(H, W, 3) uint8 RGB: frames of a clip, and below them a row for every gate and level.

    None without gates.
    """
    if not maps:
        return None
    frames = sorted(maps)[:COLUMNS]
    video = dataset.videos[clip.index]
    rows = [named_row("frame", [fitted(dataset.read_frame(video, t), CELL) for t in frames])]
    for name in maps[frames[0]]:
        rows.append(named_row(name, [heat(maps[t][name], CELL) for t in frames]))
    width = max(row.shape[1] for row in rows)
    wide = [cv2.copyMakeBorder(r, 0, 0, 0, width - r.shape[1], cv2.BORDER_REPLICATE) for r in rows]
    return np.concatenate(wide)
