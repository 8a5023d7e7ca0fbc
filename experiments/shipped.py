"""Weights that ship with the repository: weights/<profile>/index.json and *.pt, the pretraining,
and weights/<profile>/models/, whole trained models for `python -m tpr.demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tpr.files import replacing

from .files import read_json, sha256, write_json
from .layout import Layout
from .lock import file_lock
from .packed_ap import packed_ap
from .stage import Stage, difference

MODEL_BYTES = 3_000_000  # the repository is cloned by people who only want to look


def shipped(stage: Stage, layout: Layout) -> tuple[dict[str, Any] | None, str]:
    """The index entry that stands for a pretraining, or None and why there is no usable one."""
    entry = (read_json(layout.weights / "index.json") or {}).get(stage.name)
    if entry is None:
        return None, ""
    path = layout.weights / entry["file"]
    if entry["key"] != stage.key:
        change = difference(entry["record"], stage)
        return None, f"{layout.shown(path)} was trained with other settings ({change})"
    if not path.is_file():
        return None, f"{layout.shown(path)} is missing"
    if sha256(path) != entry["sha256"]:
        return None, f"{layout.shown(path)} is damaged (sha256 differs from the index)"
    return entry, f"{layout.shown(path)}"


def unpack(stage: Stage, layout: Layout) -> None:
    """Makes a finished stage of shipped weights, so that nothing else needs to know of them."""
    entry, reason = shipped(stage, layout)
    if entry is None:
        raise ValueError(f"{stage.label}: {reason}")
    folder = stage.folder(layout)
    with file_lock(stage.lock(layout), wait=True):
        if stage.record(layout):
            return
        with replacing(folder / "weights.pt") as draft:
            shutil.copyfile(layout.weights / entry["file"], draft)
        source = {name: entry[name] for name in ("file", "sha256", "command")}
        write_json(folder / "record.json", entry["record"] | {"shipped": source})


def ship(stages: list[Stage], layout: Layout) -> list[str]:
    """Copies finished pretraining into weights/<profile>/, with its index; says what it did."""
    index = read_json(layout.weights / "index.json") or {}
    lines = []
    for stage in {stage.key: stage for stage in stages}.values():
        record = stage.record(layout)
        if record is None:
            lines.append(f"{stage.label} is not finished: nothing shipped for it")
        elif "shipped" in record:
            lines.append(f"{stage.label} already ships")
        else:
            index[stage.name] = ship_one(stage, record, layout)
            lines.append(f"{stage.label} -> {layout.shown(layout.weights)}/{stage.name}.pt")
    if index:
        write_json(layout.weights / "index.json", dict(sorted(index.items())))
    return lines


def ship_one(stage: Stage, record: dict[str, Any], layout: Layout) -> dict[str, Any]:
    """Copies the weights; returns their index entry."""
    path = layout.weights / f"{stage.name}.pt"
    with replacing(path) as draft:
        shutil.copyfile(stage.folder(layout) / "weights.pt", draft)
    return {
        "key": stage.key,
        "file": path.name,
        "sha256": sha256(path),
        "command": f"./run_all.sh pretrain --profile {stage.profile}",
        "metrics": record["metrics"],
        "record": record,
    }


def ship_models(evaluations: list[Stage], layout: Layout) -> list[str]:
    """Copies finished trainings into weights/<profile>/models/; says what it did."""
    lines = []
    for stage in evaluations:
        train = stage.inputs["train"]
        if train.record(layout) is None:
            lines.append(f"{train.label} is not finished: nothing shipped for it")
            continue
        path = ship_model(stage, layout)
        lines.append(f"{train.label} -> {layout.shown(path)}")
    return lines


def ship_model(stage: Stage, layout: Layout) -> Path:
    """Packs the weights that an evaluation is of, and writes a JSON file with all that inference
    needs beside: spec, test settings, categories. ValueError for weights over MODEL_BYTES."""
    train = stage.inputs["train"]
    path = layout.weights / "models" / f"{stage.run}.pt"
    base = shipped(train.inputs["pretrain"], layout)[0]
    start = base and layout.weights / base["file"]
    pack(train.folder(layout) / "weights.pt", start, path)
    videos = stage.inputs["videos"].folder(layout) / "val.json"
    record = {
        "run": stage.run,
        "seed": stage.seed,
        "key": train.key,
        "file": path.name,
        "sha256": sha256(path),
        "base": base and {"file": f"../{base['file']}", "sha256": base["sha256"]},
        "command": f"./run_all.sh {stage.run} --profile {stage.profile} --seeds {stage.seed}",
        "metrics": packed_ap(stage, layout, path, start),
        "categories": (read_json(videos) or {}).get("categories"),
        "model": stage.spec["model"],
        "infer": stage.spec["infer"],
    }
    write_json(path.with_suffix(".json"), record)
    return path


def pack(weights: Path, base: Path | None, path: Path) -> None:
    """Weights in 8 bits a number, over those of an image model that ships."""
    from tpr import checkpoint
    from tpr.quantised import packed

    start = checkpoint.load(base) if base else {}
    with replacing(path) as draft:
        checkpoint.save(packed(checkpoint.load(weights), start), draft)
        if draft.stat().st_size > MODEL_BYTES:
            raise ValueError(f"{weights} takes over {MODEL_BYTES} bytes packed: too big to ship")
