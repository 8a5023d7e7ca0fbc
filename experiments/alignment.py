"""Measures whether a way of training makes a module align: `python -m experiments.alignment RUN`.

Trains a run on the profile's training videos except the first ones, and reports how far it aligns
on these. It uses neither validation videos nor AP, and seeds that no table uses, so that a training
regime can be chosen by it before the experiments are run.
"""

from __future__ import annotations

import argparse
import copy
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from experiments.declared.manifests import load_manifests
from experiments.pipeline.graph import Graph
from experiments.stages.json_files import write_json
from experiments.stages.key import Spec
from experiments.stages.layout import ROOT, Layout
from experiments.stages.progress import Log
from experiments.stages.stage import Stage, finished_folder
from tpr.command import command
from tpr.data.youtube_vis import YouTubeVIS

FIRST_SEED = 900  # tables use none from here on
PROBED = 60  # training videos that are held out


@command
def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> None:
    options = parse(arguments)
    layout = Layout(options.profile, root)
    manifests = load_manifests(layout.manifests)
    graph = Graph(manifests.runs, manifests.profile(options.profile))
    manifests.target_runs([options.run])  # a line on an unknown name
    train, infer = specs(graph, options)
    videos = folder_of(graph.videos(), layout)
    weights = folder_of(graph.pretrain(options.run), layout) / "weights.pt"
    options.out.mkdir(parents=True, exist_ok=True)
    found = train_and_probe(train, infer, videos, weights, options.out, Log(options.out))
    write_json(options.out / "alignment.json", {"train": train, "alignment": found})
    print(json.dumps(found, indent=1))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m experiments.alignment", description=__doc__)
    parser.add_argument("run", help="a run of experiments/manifests/runs.yaml")
    parser.add_argument("--profile", default="mini")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help=f"{FIRST_SEED} or more")
    parser.add_argument("--iterations", type=int, help="in place of the profile's")
    parser.add_argument("--offset-rate", type=float, help="factor on the rate of offsets")
    parser.add_argument("--offset-std", type=float, help="of the first weights of DACR's offsets")
    parser.add_argument("--sgd", type=float, metavar="LR", help="SGD with this rate, as the paper")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights and findings")
    options = parser.parse_args(arguments)
    if options.seed < FIRST_SEED:
        raise ValueError(f"--seed {options.seed}: tables may have it; take {FIRST_SEED} or more")
    return options


def specs(graph: Graph, options: argparse.Namespace) -> tuple[Spec, Spec]:
    """Specs of the training, as the options change it, and of the inference."""
    train: Spec = copy.deepcopy(graph.train(options.run, options.seed).spec)
    settings: dict[str, Any] = train["train"]
    if options.iterations is not None:
        settings["iterations"] = options.iterations
    if options.sgd is not None:
        kept = {"weight_decay": 0.0001, "lr_scales": settings["optimizer"].get("lr_scales", {})}
        settings["optimizer"] = {"name": "sgd", "lr": options.sgd, "momentum": 0.9} | kept
    if options.offset_rate is not None:
        scales = settings["optimizer"].setdefault("lr_scales", {})
        scales["offset"] = options.offset_rate
    if options.offset_std is not None:
        dacr = (train["model"]["temporal"] or {}).get("dacr")
        if dacr is None:
            raise ValueError(f"{options.run} has no DACR whose offsets could start otherwise")
        dacr["offset_std"] = options.offset_std
    infer: Spec = graph.evaluate(options.run, options.seed).spec["infer"]
    return train, {"model": train["model"], "infer": infer}


def folder_of(stage: Stage, layout: Layout) -> Path:
    """Folder of a finished stage. Raises FileNotFoundError, naming the command to run, if it has
    not finished."""
    folder = finished_folder(layout.runs, stage.key)
    if folder is None:
        raise FileNotFoundError(
            f"{stage.label} of {layout.profile} is missing: "
            f"./run_all.sh offset-fit --profile {layout.profile} makes it"
        )
    return folder


def train_and_probe(
    train: Spec, infer: Spec, videos: Path, weights: Path, out: Path, log: Log, probed: int = PROBED
) -> dict[str, Any] | None:
    """Trains a run and measures how far its module aligns on the first training videos, which are
    held out."""
    from baselines.registry import BASELINES
    from tpr.data.prepared import open_split
    from tpr.probes.mechanism import probe
    from tpr.training.loop import finetune

    others: YouTubeVIS = open_split(videos, "train")
    others.videos = others.videos[probed:]
    finetune(train, others, weights, out, log, temporal=BASELINES)
    whole = open_split(videos, "train")
    found = probe(infer, whole, out / "weights.pt", temporal=BASELINES, videos=probed)
    return found and found["alignment"]


if __name__ == "__main__":
    sys.exit(main())
