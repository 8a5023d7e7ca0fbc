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
from .outputs import OF_FOLDER, sealed, take_stock
from .packed_ap import packed_ap
from .stage import Stage, difference

SUMS = "SHA256SUMS"
RESTORE = " (restore it: git checkout -- weights)"
MODEL_BYTES = 3_000_000  # the repository is cloned by people who only want to look


def shipped(stage: Stage, layout: Layout) -> tuple[dict[str, Any] | None, str]:
    """The index entry that stands for a pretraining, or None and why there is no usable one."""
    index, problem = read_index(layout)
    if stage.name not in index:
        return None, problem
    entry = index[stage.name]
    path = layout.weights / entry["file"]
    if entry["key"] != stage.key:
        change = difference(entry["record"], stage)
        return None, f"{layout.shown(path)} was trained with other settings ({change})"
    if not path.is_file():
        return None, f"{layout.shown(path)} is missing{RESTORE}"
    if sha256(path) != entry["sha256"]:
        return None, f"{layout.shown(path)} is damaged (sha256 differs from the index){RESTORE}"
    return entry, f"{layout.shown(path)}"


def read_index(layout: Layout) -> tuple[dict[str, Any], str]:
    """The sound entries of index.json by the name of their stage, and what is wrong with the file;
    "" where nothing is, or no weights ship."""
    path = layout.weights / "index.json"
    found = read_json(path)
    if found is None and not path.exists():
        ships = any(layout.weights.glob("*.pt"))
        return {}, f"{layout.shown(path)} is missing{RESTORE}" if ships else ""
    if found is None or not as_summed(path) or not all(map(is_entry, found.values())):
        return {}, f"{layout.shown(path)} is damaged{RESTORE}"
    return found, ""


def is_entry(entry: Any) -> bool:
    texts = ("key", "file", "sha256", "command")
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in texts)
        and isinstance(entry.get("record"), dict)
    )


def as_summed(path: Path) -> bool:
    """Whether a file is as SHA256SUMS beside it says; true where nothing is said of it."""
    sums = path.with_name(SUMS)
    if not sums.is_file():
        return True
    text = sums.read_text(encoding="utf-8", errors="replace")
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    said = {name: digest for digest, name in pairs}
    return said.get(path.name) in (None, sha256(path))


def write_sums(folder: Path) -> None:
    """SHA256SUMS of index.json and the weights, as `sha256sum -c` reads it."""
    names = ["index.json", *sorted(path.name for path in folder.glob("*.pt"))]
    with replacing(folder / SUMS) as draft:
        lines = [f"{sha256(folder / name)}  {name}\n" for name in names]
        draft.write_text("".join(lines), encoding="utf-8")


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
        record = entry["record"] | {"shipped": source, "outputs": take_stock(folder)}
        write_json(folder / "record.json", sealed(record))


def ship(stages: list[Stage], layout: Layout) -> list[str]:
    """Copies finished pretraining into weights/<profile>/, with its index; says what it did."""
    index, problem = read_index(layout)
    if problem:
        raise ValueError(problem)
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
            index[stage.name] = ship_one(stage, record, layout)
            lines.append(f"{stage.label} -> {layout.shown(layout.weights)}/{stage.name}.pt")
    if index:
        write_json(layout.weights / "index.json", dict(sorted(index.items())))
        write_sums(layout.weights)
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
        "record": {k: v for k, v in record.items() if k not in OF_FOLDER},
    }


def ship_models(evaluations: list[Stage], layout: Layout) -> list[str]:
    """Copies finished trainings into weights/<profile>/models/; says what it did."""
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
    from tpr import checkpoint
    from tpr.quantised import packed

    start = checkpoint.load(base) if base else {}
    with replacing(path) as draft:
        checkpoint.save(packed(checkpoint.load(weights), start), draft)
        if draft.stat().st_size > MODEL_BYTES:
            raise ValueError(f"{weights} takes over {MODEL_BYTES} bytes packed: too big to ship")
