"""TrackEval beside the evaluator: a clone of it, run from Python, on its own form of files.

Its ground truth has run lists, file names and sizes in each annotation. numpy's old names, which it
uses, are given back to it. Its AP is printed and not compared: on 20 videos of 40 classes, some of
them without true tracks, it was 54.96 where the public API's rules give 54.86.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time
from pathlib import Path

import numpy as np

from tpr.data.rle import decode_strings

QUIET = {
    "PRINT_CONFIG": False,
    "PRINT_RESULTS": False,
    "TIME_PROGRESS": False,
    "OUTPUT_SUMMARY": False,
    "OUTPUT_DETAILED": False,
    "PLOT_CURVES": False,
    "USE_PARALLEL": False,
    "LOG_ON_ERROR": None,
}
AREAS = {"AREA_RANGES": [[0, 128**2], [128**2, 256**2], [256**2, 1e10]], "USE_TIME_RANGES": False}


def as_it_reads(truth: dict) -> dict:
    """Ground truth with what it needs; masks as run lists."""
    videos = [
        video | {"file_names": [f"{video['id']}/{t}.jpg" for t in range(video["length"])]}
        for video in truth["videos"]
    ]
    size = {side: truth["videos"][0][side] for side in ("height", "width")}
    annotations = [
        track
        | size
        | {
            "segmentations": [mask and run_list(mask) for mask in track["segmentations"]],
            "bboxes": [None] * len(track["segmentations"]),
        }
        for track in truth["annotations"]
    ]
    return truth | {"videos": videos, "annotations": annotations}


def run_list(mask: dict) -> dict:
    runs = decode_strings([mask["counts"].encode()], np.array([mask["size"]]))
    return {"size": mask["size"], "counts": runs.counts(0).tolist()}


def laid_out(folder: Path, truth: dict, results: list[dict]) -> tuple[Path, Path]:
    """Both files where it looks for them."""
    paths = [
        folder / "gt" / "youtube_vis_val" / "gt.json",
        folder / "trackers" / "youtube_vis_val" / "ours" / "data" / "results.json",
    ]
    for path, content in zip(paths, (truth, results), strict=True):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return paths[0], paths[1]


def evaluated(repository: Path, folder: Path) -> tuple[float, float]:
    """Seconds of processor time from reading both files on, and AP."""
    np.float, np.int = float, int
    sys.path.insert(0, str(repository))
    with contextlib.redirect_stdout(io.StringIO()):
        import trackeval

        begin = time.process_time()
        places = {"GT_FOLDER": f"{folder}/gt/", "TRACKERS_FOLDER": f"{folder}/trackers/"}
        split = {"SPLIT_TO_EVAL": "val", "PRINT_CONFIG": False}
        data = trackeval.datasets.YouTubeVIS(places | split)
        metric = trackeval.metrics.TrackMAP(AREAS | {"PRINT_CONFIG": False})
        found, _ = trackeval.Evaluator(QUIET).evaluate([data], [metric])
        seconds = time.process_time() - begin
    whole = found["YouTubeVIS"]["ours"]["COMBINED_SEQ"]["cls_comb_cls_av"]
    return seconds, float(np.mean(whole["TrackMAP"]["AP_all"]))
