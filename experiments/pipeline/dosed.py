"""Stages of gain against dose: dosed videos, and trained models evaluated on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from experiments.declared.doses import FILE, TARGETS, DoseGrid
from experiments.declared.manifests import UnknownNameError
from experiments.pipeline.graph import Graph
from experiments.stages.json_files import canonical
from experiments.stages.key import Spec
from experiments.stages.stage import Stage

Grid = TypeVar("Grid")
DOSED_VIDEOS, EVALUATE_DOSE = "dosed-videos", "evaluate-dose"  # kinds of stages


class DosedGraph:
    """Beside a profile's stages: trainings are the same ones, under the same keys."""

    def __init__(self, graph: Graph, grid: DoseGrid) -> None:
        self.graph, self.grid = graph, grid

    def stages(
        self, seeds: Sequence[int], *, trained: bool, factor: str | None = None
    ) -> list[Stage]:
        """The evaluations of all runs at all doses, or at those of one factor; trained: of those
        trained at each dose. Factor by factor, so that a grid that is cut off has whole factors."""
        runs = [run for run in self.grid.runs_of(trained=trained) if not self.graph.left_out(run)]
        return [
            self.evaluate(run, seed, name, value, trained=trained)
            for name, values in self.grid.factors_of(trained=trained, factor=factor).items()
            for seed in seeds
            for value in values
            for run in runs
        ]

    def videos(self, factor: str, value: float, *, trained: bool = False) -> Stage:
        """The first validation videos at a dose; trained: and the training videos."""
        data: Spec = dict(self.graph.profile.data)
        dose = {"dose": {"factor": factor, "value": value}}
        splits = {"val": data["videos"]["val"] | {"videos": self.grid.videos} | dose}
        if trained:
            splits["train"] = data["videos"]["train"] | dose
        check_splits(splits)
        spec = json.loads(canonical({"seed": data["seed"], "splits": splits}))
        name = named(factor, value, trained)
        return Stage(DOSED_VIDEOS, name, self.graph.profile.name, spec)

    def train(self, run: str, seed: int, factor: str, value: float) -> Stage:
        """On videos of the dose, from the same image model as without one."""
        plain = self.graph.train(run, seed)
        part = named(factor, value, trained=True)
        videos = self.videos(factor, value, trained=True)
        inputs = plain.inputs | {"videos": videos}
        return replace(plain, name=f"{plain.name}-{part}", inputs=inputs, part=part)

    def evaluate(
        self, run: str, seed: int, factor: str, value: float, *, trained: bool = False
    ) -> Stage:
        """AP of a trained model on videos of the dose; trained: of one trained on such."""
        plain, part = self.graph.evaluate(run, seed), named(factor, value, trained)
        model = self.train(run, seed, factor, value) if trained else plain.inputs["train"]
        return evaluated_at(plain, part, self.videos(factor, value, trained=trained), model)


def evaluated_at(plain: Stage, part: str, videos: Stage, model: Stage) -> Stage:
    """Of a run's evaluation that on other videos or of another model, without probes."""
    evaluation = {k: v for k, v in plain.spec["evaluation"].items() if k != "probe_videos"}
    return replace(
        plain,
        kind=EVALUATE_DOSE,
        name=f"{plain.name}-{part}",
        spec=plain.spec | {"evaluation": evaluation},
        inputs={"videos": videos, "train": model},
        part=part,
    )


def named(factor: str, value: float, trained: bool) -> str:
    """As "speed-0.25", in names of stages and files."""
    return f"{factor}-{value:g}" + ("-trained" if trained else "")


def check_splits(splits: Mapping[str, Spec]) -> None:
    """Raises ValueError for a dose that the profile's world cannot have."""
    from tpr.data.mini.settings import split_settings

    for name, values in splits.items():
        split_settings(name, values)


def declared_grid(graph: Graph, grids: Mapping[str, Grid], what: str, file: str) -> Grid:
    """A profile's own. Raises UnknownNameError where it declares none."""
    name = graph.profile.name
    if name not in grids:
        known = ", ".join(grids) or "none"
        raise UnknownNameError(
            f"profile {name} has no {what} in {file}; profiles that have: {known}"
        )
    return grids[name]


def dose_stages(
    graph: Graph, grids: Mapping[str, DoseGrid], targets: Sequence[str], seeds: Sequence[int]
) -> list[Stage]:
    """What those of TARGETS ask for, each once. Raises UnknownNameError for a profile that
    declares no doses, or none of a factor that is asked for."""
    asked = {target: TARGETS[target] for target in targets if target in TARGETS}
    if not asked:
        return []
    dosed = DosedGraph(graph, declared_grid(graph, grids, "doses", FILE))
    for target, (trained, factor) in asked.items():
        known = dosed.grid.factors_of(trained=trained)
        if factor is not None and factor not in known:
            raise UnknownNameError(
                f"{target}: profile {graph.profile.name} declares no such doses in {FILE}; "
                f"factors that it does: {', '.join(known) or 'none'}"
            )
    found = [
        stage
        for trained, factor in asked.values()
        for stage in dosed.stages(seeds, trained=trained, factor=factor)
    ]
    return list({stage.key: stage for stage in found}.values())
