"""Made-up records and manifests for tests of the report; none of these numbers was measured."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tpr.evaluation.draws import pack_draws

MANIFEST = """
table: 1a
title: Effect of two main components on various baselines
paper: Table 1(a)
rows:
  - {run: blendmask-r50, cells: {Backbone: ResNet50, DACR: "-", CPR: "-"},
     published: {AP: 33.8}}
  - {run: blendmask-r50+dacr, cells: {Backbone: ResNet50, DACR: "✓", CPR: "-"},
     published: {AP: 35.2}}
  - {run: blendmask-r50+cpr, cells: {Backbone: ResNet50, DACR: "-", CPR: "✓"},
     published: {AP: 34.5}}
  - {run: blendmask-r50+tpr, cells: {Backbone: ResNet50, DACR: "✓", CPR: "✓"},
     published: {AP: 35.9}}
  - {run: blendmask-r101, cells: {Backbone: ResNet101, DACR: "-", CPR: "-"},
     published: {AP: 36.6}}
  - {run: blendmask-r101+tpr, cells: {Backbone: ResNet101, DACR: "✓", CPR: "✓"},
     published: {AP: 39.1}}
claims:
  - {name: DACR helps, better: blendmask-r50+dacr, than: blendmask-r50, metric: AP,
     published_gain: 1.4, section: "4.2", sentence: Adding DACR results in about 1.4 % mAP gain}
  - {name: CPR helps, better: blendmask-r50+cpr, than: blendmask-r50, metric: AP,
     published_gain: 0.7, section: "4.2", sentence: while CPR leads to 0.7 % mAP}
  - {name: TPR helps, better: blendmask-r50+tpr, than: blendmask-r50, metric: AP,
     published_gain: 2.1, section: "4.2", sentence: a significant gain over the baseline}
  - {name: TPR helps a stronger baseline, better: blendmask-r101+tpr, than: blendmask-r101,
     metric: AP, published_gain: 2.5, section: "4.2", sentence: our TPR also has 2.5% mAP gain}
"""
DATASET = "d" * 64
FINISHED = "2026-11-22T12:00:00+00:00"


def write_manifest(root: Path, text: str = MANIFEST, name: str = "1a") -> Path:
    path = root / "experiments" / "manifests" / "tables" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def record(
    run: str,
    seed: int,
    ap: float,
    *,
    profile: str = "mini",
    dataset: str = DATASET,
    draws: Sequence[float] | None = None,
) -> dict:
    """A whole record with a given AP; the other metrics follow from it. `draws` in percent."""
    metrics = {"AP": ap, "AP50": ap + 20, "AP75": ap - 5, "AR1": ap + 3, "AR10": ap + 8}
    metrics |= {"AP_bootstrap_se": 1.25, "videos": 200}
    if draws is not None:
        metrics["AP_draws"] = pack_draws(np.array(draws) / 100)
    common = {
        "stage_version": 1,
        "run": run,
        "seed": seed,
        "profile": profile,
        "seconds": 60.0,
        "finished": FINISHED,
        "git": {"commit": "c0ffee" * 7, "dirty": seed == 2},
        "packages": {"torch": "0.0-fake", "numpy": "0.0-fake"},
        "hardware": {
            "cpu": "Fake <CPU>",
            "vectors": "AVX2",
            "cores": 2,
            "memory_gb": 8,
            "gpu": None,
        },
        "dataset": dataset,
    }
    name = f"{run}-seed{seed}"
    return {
        "run": run,
        "seed": seed,
        "profile": profile,
        "evaluate": common
        | {
            "stage": "evaluate",
            "key": key("evaluate", name),
            "metrics": metrics,
            "spec": {},
        }
        | {"inputs": {"videos": key("videos", dataset), "train": key("train", name)}},
        "train": common
        | {
            "stage": "train",
            "key": key("train", name),
            "inputs": {"pretrain": "p" * 64},
        }
        | {
            "metrics": {},
            "spec": {"seed": seed, "model": {"run": run}, "train": {"lr": 0.1}},
        },
        "pretrain": {"key": "p" * 64},
    }


def key(stage: str, name: str) -> str:
    """A made-up stage key whose first 12 characters differ."""
    return hashlib.sha256(f"{stage} {name}".encode()).hexdigest()


def write_record(root: Path, raw: dict, profile: str = "mini") -> Path:
    path = root / "results" / profile / "records" / f"{raw['run']}-seed{raw['seed']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(raw))
    return path


APS = {
    "blendmask-r50": (30.0, 31.0, 30.5),
    "blendmask-r50+dacr": (31.0, 32.4, 31.6),
    "blendmask-r50+cpr": (30.4, 30.6, 30.9),
    "blendmask-r50+tpr": (32.0, 33.0, 32.9),
    "blendmask-r101": (33.0,),
    "blendmask-r101+tpr": (34.0,),
}


def write_all(root: Path) -> None:
    """The manifest and records of every run: three seeds of ResNet50, one of ResNet101."""
    write_manifest(root)
    for run, values in APS.items():
        for seed, ap in enumerate(values):
            write_record(root, record(run, seed, ap))
