"""What packing costs a trained model: AP of the packed weights beside that of the run's record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .files import read_json
from .layout import Layout
from .measures import percent
from .stage import Stage


def packed_ap(
    evaluation: Stage, layout: Layout, weights: Path, base: Path | None
) -> dict[str, Any] | None:
    """AP in percent of packed ``weights`` on the evaluation's videos, and before packing (None
    where the run is not evaluated). None without these videos or their ground truth."""
    videos = evaluation.inputs["videos"].folder(layout)
    if not (read_json(videos / "val.json") or {}).get("annotations"):
        return None
    from tpr.evaluation.video_ap import evaluate

    from .stages import dataset

    split = dataset(videos, "val")
    found = evaluate(videos / "val.json", tracks(evaluation.spec, split, weights, base))
    record = evaluation.record(layout)
    return {
        "AP": percent(found.stats["AP"]),
        "AP_before_packing": record and record["metrics"]["AP"],
        "videos": len(found.video_ids),
    }


def tracks(spec: dict[str, Any], split: Any, weights: Path, base: Path | None) -> list[dict]:
    """Results of all videos of a split, a YouTubeVIS; shows its progress."""
    from tqdm import tqdm

    from baselines.registry import BASELINES
    from tpr.gate_log import GateLog
    from tpr.infer import load_model, side_by_side, track_videos

    model = load_model(spec, len(split.categories), weights, temporal=BASELINES, base=base)
    groups = list(side_by_side(split.videos, spec["infer"]["batch"]))
    return [
        entry
        for group in tqdm(groups, desc="evaluating the packed weights", unit="videos")
        for entry in track_videos(model, split, group, spec["infer"], GateLog())
    ]
