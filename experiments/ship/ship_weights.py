"""Makes weights ship with the repository: the pretraining as weights/<profile>/*.pt with an index,
whole trained models, for `python -m tpr.demo`, in weights/<profile>/models/."""

from __future__ import annotations

import shutil
from pathlib import Path

from experiments.engine.shipped_weights import SUMS, read_index, shipped
from experiments.ship.clean_tree import check_records, check_tree
from experiments.ship.packed_ap import packed_ap
from experiments.stages.json_files import Record, read_json, sha256, write_json
from experiments.stages.layout import Layout
from experiments.stages.outputs import OF_FOLDER
from experiments.stages.stage import Stage
from tpr.files import replacing

MODEL_BYTES = 3_000_000  # the repository is cloned by people who only want to look


def ship(stages: list[Stage], layout: Layout) -> list[str]:
    """Copies finished pretraining into weights/<profile>/, with its index; says what it did."""
    index, problem = read_index(layout)
    if problem:
        raise ValueError(problem)
    check_tree(layout)
    lines = []
    for stage in {stage.key: stage for stage in stages}.values():
        record, damage = stage.record(layout), stage.damage(layout, thorough=True)
        if damage:
            lines.append(f"{stage.label} is not shipped, its files are damaged: {damage}")
        elif record is None:
            lines.append(f"{stage.label} is not finished: nothing shipped for it")
        elif "shipped" in record:
            lines.append(f"{stage.label} already ships")
        else:
            check_records(stage.label, [record])
            index[stage.name] = ship_one(stage, record, layout)
            lines.append(f"{stage.label} -> {layout.shown(layout.weights)}/{stage.name}.pt")
    if index:
        write_json(layout.weights / "index.json", dict(sorted(index.items())))
        write_sums(layout.weights)
    return lines


def ship_one(stage: Stage, record: Record, layout: Layout) -> Record:
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
        "record": {k: v for k, v in record.items() if k not in OF_FOLDER},
    }


def write_sums(folder: Path) -> None:
    """SHA256SUMS of index.json and the weights, as `sha256sum -c` reads it."""
    names = ["index.json", *sorted(path.name for path in folder.glob("*.pt"))]
    with replacing(folder / SUMS) as draft:
        lines = [f"{sha256(folder / name)}  {name}\n" for name in names]
        draft.write_text("".join(lines), encoding="utf-8")


def ship_models(evaluations: list[Stage], layout: Layout) -> list[str]:
    """Copies finished trainings into weights/<profile>/models/; says what it did."""
    check_tree(layout)
    lines = []
    for stage in evaluations:
        train = stage.inputs["train"]
        damages = [one.damage(layout, thorough=True) for one in stage.inputs.values()]
        if any(damages):
            lines.append(f"{train.label} is not shipped, files are damaged: {max(damages)}")
            continue
        if train.record(layout) is None:
            lines.append(f"{train.label} is not finished: nothing shipped for it")
            continue
        check_records(train.label, [one.record(layout) for one in stage.inputs.values()])
        path = ship_model(stage, layout)
        lines.append(f"{train.label} -> {layout.shown(path)}")
    return lines


def ship_model(stage: Stage, layout: Layout) -> Path:
    """Packs the weights that an evaluation is of, and writes a JSON file with all that inference
    needs beside: spec, test settings, categories. ValueError for weights over MODEL_BYTES."""
    train = stage.inputs["train"]
    path = layout.weights / "models" / f"{stage.run}.pt"
    base = shipped(train.inputs["pretrain"], layout)[0]
    start = layout.weights / base["file"] if base else None
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
    from tpr.weights import checkpoint
    from tpr.weights.quantised import packed

    start = checkpoint.load(base) if base else {}
    with replacing(path) as draft:
        checkpoint.save(packed(checkpoint.load(weights), start), draft)
        if draft.stat().st_size > MODEL_BYTES:
            raise ValueError(f"{weights} takes over {MODEL_BYTES} bytes packed: too big to ship")
