"""The stages' bodies: body(spec, inputs, out, log) -> metrics.

inputs: folders of finished stages by role; out: the stage's own folder. A body may be killed at any
moment and is then called again with the same folder. Heavy imports belong inside.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from .log import Log
from .measures import measures

Spec = dict[str, Any]
Inputs = dict[str, Path]
FLOW_NETWORK = "temporal.warp.offset"  # where a model with optical-flow warp has its FlowNetS


def data(spec: Spec, inputs: Inputs, out: Path, log: Log) -> dict[str, Any]:
    """Generated videos or images: <split>.json, frames/<split>/ and info.json in `out`."""
    if "splits" not in spec:
        raise ValueError(
            f"{spec['dataset']} cannot be prepared: only generated data can, as in mini"
        )
    from tpr.data.mini import generate

    new = out / "data"
    shutil.rmtree(new, ignore_errors=True)
    fingerprint = generate(new, spec["splits"], seed=spec["seed"], progress=log.progress)
    for path in sorted(new.iterdir()):
        target = out / path.name
        if target.is_dir():
            shutil.rmtree(target)
        os.replace(path, target)
    new.rmdir()
    counts = {f"{name}_videos": split["videos"] for name, split in spec["splits"].items()}
    return {"fingerprint": fingerprint} | counts


def pretrain(spec: Spec, inputs: Inputs, out: Path, log: Log) -> dict[str, Any]:
    """The image model, on single images: weights.pt in `out`."""
    if "train" not in spec:
        raise ValueError(f"{spec['weights']} cannot be converted: only own pretraining can be used")
    from tpr.train import pretrain

    return pretrain(spec, dataset(inputs["images"], "images"), out, log)


def pretrain_flow(spec: Spec, inputs: Inputs, out: Path, log: Log) -> dict[str, Any]:
    """FlowNetS, public or trained on the generated videos' exact flow: weights.pt in `out`."""
    from .flow import pretrain_flow, public_flownets

    if "train" not in spec:
        return public_flownets(spec, Path(os.environ.get("TPR_DATA", ".")), out)
    videos = inputs["videos"]
    generator = json.loads((videos / "info.json").read_text())
    splits = {split: dataset(videos, split) for split in ("train", "val")}
    return pretrain_flow(spec, generator, splits, out, log)


def train(spec: Spec, inputs: Inputs, out: Path, log: Log) -> dict[str, Any]:
    """Fine-tuning on videos: weights.pt, log.jsonl and TensorBoard events in `out`."""
    from baselines.registry import BASELINES
    from tpr.train import finetune

    weights = inputs["pretrain"] / "weights.pt"
    videos = dataset(inputs["videos"], "train")
    parts = {FLOW_NETWORK: inputs["flow"] / "weights.pt"} if "flow" in inputs else {}
    return finetune(spec, videos, weights, out, log, temporal=BASELINES, parts=parts)


def evaluate(spec: Spec, inputs: Inputs, out: Path, log: Log) -> dict[str, Any]:
    """Tracks of the validation videos (results.json in `out`) and what they are worth."""
    from baselines.registry import BASELINES
    from tpr.infer import infer

    weights, videos = inputs["train"] / "weights.pt", dataset(inputs["videos"], "val")
    speed = infer(spec, videos, weights, out, log, temporal=BASELINES)
    log.info("evaluating")
    found = measures(inputs["videos"] / "val.json", out / "results.json", spec["evaluation"])
    return found | speed


def dataset(folder: Path, split: str):  # noqa: ANN201 - tpr is imported late
    from tpr.data.youtube_vis import YouTubeVIS

    return YouTubeVIS(folder / f"{split}.json", folder / "frames" / split)


BODIES = {
    "videos": data,
    "images": data,
    "pretrain": pretrain,
    "pretrain-flow": pretrain_flow,
    "train": train,
    "evaluate": evaluate,
}
