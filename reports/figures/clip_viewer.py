"""The page's clip viewer and its still of the gates: drawn while runs are there, kept when not."""

import json
from pathlib import Path

import cv2
import numpy as np

from reports.figures.extreme_clips import MIN_SCORE, Clip, clip_data, extreme_clips
from reports.figures.figure import Figure
from reports.figures.gate_play import Maps, gate_maps_in_clip
from reports.figures.paired_runs import Pair, predictions
from reports.figures.reference_effect_sheet import fitted, heat, line
from reports.figures.stage_folders import stage_folder
from reports.records.run_record import Record
from tpr.files import write_atomically

NAME, STILL = "clips.jsonl", "gate-maps.jpg"
COLUMNS, CELL = 5, (176, 106)  # frames of the still and the size of one, in pixels


def draw_viewer(pair: Pair, better: Record, runs: Path, folder: Path) -> Figure:
    """Write clips.jsonl, a line a clip, and gate-maps.jpg below `folder`; describe them.

    better: the record of the pair's stronger run, whose gates are shown if its weights are there.
    """
    from tpr.data.prepared import open_split
    from tpr.visualize import predicted_tracks, true_tracks

    dataset = open_split(pair.videos, "val")
    found = predictions(pair, dataset)
    train = stage_folder(runs, better.train)
    clips, played = [], []
    for clip in extreme_clips(pair):
        video = dataset.videos[clip.index]
        truth = true_tracks(dataset, video)
        tracks = {"ground truth": truth} | {
            run: predicted_tracks(dataset, video, own, min_score=MIN_SCORE, truth=truth)
            for run, own in found.items()
        }
        maps = _maps(better, train, dataset, clip)
        clips.append(clip_data(dataset, clip, tracks, maps))
        played.append((clip, maps))
    lines = [json.dumps(clip, separators=(",", ":")) + "\n" for clip in clips]
    write_atomically(folder / NAME, "".join(lines))
    still = gate_still(dataset, *played[0])
    if still is not None:
        from tpr.drawing import encode_image

        write_atomically(folder / STILL, encode_image(still, ".jpg"))
    said = "; ".join(f"video {dataset.videos[clip.index].id}, {clip.words}" for clip, _ in played)
    return Figure(
        NAME,
        "Two clips, frame by frame",
        f"Outlines of tracks over video frames, and gate maps. {said}.",
        f"{pair.runs[0]} and {pair.runs[1]}, seed {pair.seed}: the validation videos with the "
        f"largest gain and the largest loss in AP of {pair.runs[1]}, so both are extremes. Same "
        f"colour, same track. Predictions with a score of at least {MIN_SCORE}.",
        pair.sources,
        STILL if still is not None else None,
    )


def _maps(better: Record, train: Path | None, dataset: object, clip: Clip) -> Maps:
    weights = train / "weights.pt" if train else None
    if weights is None or not weights.is_file():
        return {}
    return gate_maps_in_clip(better.evaluate["spec"], weights, dataset, clip.index)


def gate_still(dataset: object, clip: Clip, maps: Maps) -> np.ndarray | None:
    """(H, W, 3) uint8 RGB: frames of a clip, and below them a row for every gate and level.

    None without gates.
    """
    if not maps:
        return None
    frames = sorted(maps)[:COLUMNS]
    video = dataset.videos[clip.index]
    rows = [line("frame", [fitted(dataset.read_frame(video, t), CELL) for t in frames])]
    for name in maps[frames[0]]:
        rows.append(line(name, [heat(maps[t][name], CELL) for t in frames]))
    width = max(row.shape[1] for row in rows)
    wide = [cv2.copyMakeBorder(r, 0, 0, 0, width - r.shape[1], cv2.BORDER_REPLICATE) for r in rows]
    return np.concatenate(wide)
