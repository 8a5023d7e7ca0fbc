"""How packing changes a trained model: AP of the packed weights beside that of the run's record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.pipeline.measures import percent
from experiments.stages.json_files import Record, read_json
from experiments.stages.key import Spec
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

if TYPE_CHECKING:
    from tpr.data.youtube_vis import YouTubeVIS


def packed_ap(evaluation: Stage, layout: Layout, weights: Path, base: Path | None) -> Record | None:
    """AP in percent of packed ``weights`` on the evaluation's videos, and before packing (None
    where the run is not evaluated). None without these videos or their ground truth."""
    videos = evaluation.inputs["videos"].folder(layout)
    if not (read_json(videos / "val.json") or {}).get("annotations"):
        return None
    from experiments.pipeline.stage_bodies import dataset
    from tpr.evaluation.video_ap import evaluate

    split = dataset(videos, "val")
    found = evaluate(videos / "val.json", tracks(evaluation.spec, split, weights, base))
    record = evaluation.record(layout)
    return {
        "AP": percent(found.stats["AP"]),
        "AP_before_packing": record and record["metrics"]["AP"],
        "videos": len(found.video_ids),
    }


def tracks(spec: Spec, split: YouTubeVIS, weights: Path, base: Path | None) -> list[Record]:
    """Results for all videos of a split; prints its progress."""
    from tqdm import tqdm

    from baselines.registry import BASELINES
    from tpr.inference.gate_log import GateLog
    from tpr.inference.online import load_model, side_by_side, track_videos

    model = load_model(spec, len(split.categories), weights, temporal=BASELINES, base=base)
    entries: list[Record] = []
    with tqdm(total=len(split.videos), desc="evaluating the packed weights", unit="video") as bar:
        for group in side_by_side(split.videos, spec["infer"]["batch"]):
            entries += track_videos(model, split, group, spec["infer"], GateLog())
            bar.update(len(group))
    return entries
