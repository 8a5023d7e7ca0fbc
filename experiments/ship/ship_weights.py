"""Makes weights ship with the repository.

The pretraining goes to weights/<profile>/*.pt with an index; whole trained models, for `python -m
tpr.demo`, go to weights/<profile>/models/.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from experiments.engine.shipped_weights import SUMS, read_index, shipped
from experiments.pipeline.graph import Graph
from experiments.ship.clean_tree import check_records, check_tree
from experiments.ship.packed_ap import packed_ap
from experiments.stages.choices import data_source
from experiments.stages.json_files import Record, read_json, write_json
from experiments.stages.layout import Layout
from experiments.stages.outputs import OF_FOLDER
from experiments.stages.stage import Stage
from tpr.files import replacing, sha256

MODEL_BYTES = 3_000_000  # more is not committed: people clone who only want to look
MODULES = "baselines.registry.BASELINES"  # of temporal modules beside the library's


class Outcome(NamedTuple):
    """What became of one thing that was to ship."""

    ships: bool
    line: str


def ship(pretraining: Mapping[str, Sequence[Stage]], layout: Layout) -> list[Outcome]:
    """Copies finished pretraining and its index to weights/<profile>/; an outcome for each stage
    that has finished, and one for each target with others.

    pretraining: stages by the target of ./run_all.sh that makes them.
    """
    index, problem = read_index(layout)
    if problem:
        raise ValueError(problem)
    check_tree(layout)
    outcomes: list[Outcome] = []
    unfinished: dict[str, list[str]] = {}
    for target, stage in ((t, stage) for t, stages in pretraining.items() for stage in stages):
        record, damage = stage.record(layout), stage.damage(layout, thorough=True)
        ships = "shipped" in record if record else shipped(stage, layout)[0] is not None
        command = f"./run_all.sh {target} --profile {stage.profile}"
        if damage:
            told = f"{stage.label} is not shipped, its files are damaged: {damage}"
        elif ships:
            told = f"{stage.label} already ships"
        elif record is None:
            unfinished.setdefault(command, []).append(stage.name)
            continue
        else:
            check_records(stage.label, [record])
            index[stage.name] = ship_one(stage, record, layout, command)
            told = f"{stage.label} -> {layout.shown(layout.weights)}/{stage.name}.pt"
        outcomes.append(Outcome(not damage, told))
    if index:
        write_json(layout.weights / "index.json", dict(sorted(index.items())))
        write_sums(layout.weights)
    return [*outcomes, *missing(unfinished)]


def missing(unfinished: Mapping[str, Sequence[str]]) -> list[Outcome]:
    """One outcome for all pretraining that has not finished and that one command makes.

    unfinished: names of stages by the command.
    """
    return [
        Outcome(
            False,
            f"pretraining of {', '.join(names)} is not finished: nothing shipped for it "
            f"({command} makes it)",
        )
        for command, names in unfinished.items()
    ]


def ship_one(stage: Stage, record: Record, layout: Layout, command: str) -> Record:
    """Copies the weights; returns their index entry."""
    path = layout.weights / f"{stage.name}.pt"
    with replacing(path) as draft:
        shutil.copyfile(stage.folder(layout) / "weights.pt", draft)
    return {
        "key": stage.key,
        "file": path.name,
        "sha256": sha256(path),
        "command": command,
        "metrics": record["metrics"],
        "record": {k: v for k, v in record.items() if k not in OF_FOLDER},
    }


def write_sums(folder: Path) -> None:
    """Writes SHA256SUMS of index.json and the weights, in the format of `sha256sum -c`."""
    names = ["index.json", *sorted(path.name for path in folder.glob("*.pt"))]
    with replacing(folder / SUMS) as draft:
        lines = [f"{sha256(folder / name)}  {name}\n" for name in names]
        draft.write_text("".join(lines), encoding="utf-8")


def finished_evaluation(graph: Graph, run: str, layout: Layout) -> Stage:
    """That of the profile's first seed if it was trained, else of the least seed that was."""
    first = graph.evaluate(run, graph.profile.seeds[0])
    folders = layout.runs.glob(f"train-{run}-seed*-*")
    found = {folder.name.removeprefix(f"train-{run}-seed").split("-")[0] for folder in folders}
    others = sorted(int(seed) for seed in found if seed.isdecimal())
    for stage in (first, *(graph.evaluate(run, seed) for seed in others)):
        if stage.inputs["train"].record(layout):
            return stage
    return first


def ship_models(evaluations: list[Stage], layout: Layout, knows: str) -> list[Outcome]:
    """Copies finished trainings to weights/<profile>/models/; an outcome for each evaluation.

    knows: what all videos of the profile show, "" where it does not say.
    """
    check_tree(layout)
    outcomes = []
    for stage in evaluations:
        train = stage.inputs["train"]
        damages = [one.damage(layout, thorough=True) for one in stage.inputs.values()]
        if any(damages):
            told = f"{train.label} is not shipped, files are damaged: {max(damages)}"
            outcomes.append(Outcome(False, told))
        elif train.record(layout) is None:
            told = f"{train.label} is not finished: nothing shipped for it"
            outcomes.append(Outcome(False, f"{told} ({training_command(stage)} makes it)"))
        else:
            check_records(train.label, [one.record(layout) for one in stage.inputs.values()])
            path = ship_model(stage, layout, knows)
            size = path.stat().st_size
            large = f" ({size / 1e6:.0f} MB: use it here, do not commit it)"
            told = f"{train.label} -> {layout.shown(path)}{large if size > MODEL_BYTES else ''}"
            outcomes.append(Outcome(True, told))
    return outcomes


def training_command(stage: Stage) -> str:
    """What trains and evaluates an evaluation's run."""
    return f"./run_all.sh {stage.run} --profile {stage.profile} --seeds {stage.seed}"


def ship_model(stage: Stage, layout: Layout, knows: str) -> Path:
    """Packs the weights that an evaluation is of, and writes a JSON file with all that inference
    needs beside: spec, test settings, categories."""
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
        "command": training_command(stage),
        "generated": is_generated(stage.inputs["videos"]),
        "knows": knows or None,
        "metrics": packed_ap(stage, layout, path, start),
        "categories": (read_json(videos) or {}).get("categories"),
        "modules": registry_of(stage),
        "model": stage.spec["model"],
        "infer": stage.spec["infer"],
    }
    write_json(path.with_suffix(".json"), record)
    return path


def registry_of(evaluation: Stage) -> str | None:
    """Where a run's temporal module is registered, if the library itself does not have it."""
    from baselines.registry import BASELINES

    temporal = evaluation.spec["model"]["temporal"] or {}
    return MODULES if temporal.get("name") in BASELINES else None


def is_generated(videos: Stage) -> bool:
    """Whether they are no recordings: what a model of them knows is not in real videos."""
    return data_source(videos.spec) in ("generated", "trial")


def pack(weights: Path, base: Path | None, path: Path) -> None:
    """Writes weights in 8 bits for each number, as differences to those of an image model that
    ships."""
    from tpr.weights import checkpoint
    from tpr.weights.quantised import packed

    start = checkpoint.load(base) if base else {}
    with replacing(path) as draft:
        checkpoint.save(packed(checkpoint.load(weights), start), draft)
