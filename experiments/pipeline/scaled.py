"""Stages of gain against scale: runs trained at other widths, on other numbers of videos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from experiments.declared.model_settings import FEWEST_CHANNELS
from experiments.declared.scale import FILE, HELD_OUT, SCALE, TARGETS, Cell, ScaleGrid
from experiments.pipeline.dosed import declared_grid, evaluated_at
from experiments.pipeline.graph import Graph
from experiments.stages.key import Spec
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage

# options of a model that are numbers of channels
CHANNELS = frozenset(
    ("channels", "stem_channels", "res2_channels", "width", "fc_width", "mask_width", "embedding")
)


class ScaledGraph:
    """Beside a profile's stages: at width 1 its image models, and with its number of videos its
    trainings, are the same ones, under the same keys."""

    def __init__(self, graph: Graph, grid: ScaleGrid) -> None:
        self.graph, self.grid = graph, grid
        self.wide = cache(self._wide)

    def stages(self, seeds: Sequence[int], *, held_out: bool) -> list[Stage]:
        """The evaluations of all runs in the cells that are held out, or in the others."""
        return [
            self.evaluate(run, seed, cell)
            for cell in self.grid.cells(held_out=held_out)
            for run in self.grid.runs
            for seed in seeds
        ]

    def pretraining(self, *, held_out: bool) -> dict[str, Stage]:
        """Image models that the cells that are held out, or the others, need, by key."""
        stages = self.stages(self.grid.seeds[:1], held_out=held_out)
        found = (stage.inputs["train"].inputs["pretrain"] for stage in stages)
        return {stage.key: stage for stage in found}

    def videos(self, number: int) -> Stage:
        """The first training videos. Where they are the profile's own, with its validation
        videos."""
        own = self.graph.videos()
        train: Spec = own.spec["splits"]["train"]
        if number == train["videos"]:
            return own
        splits = {"train": train | {"videos": number}}
        return replace(own, name=f"train-{number}", spec=own.spec | {"splits": splits})

    def train(self, run: str, seed: int, cell: Cell) -> Stage:
        plain = self.wide(cell.width).train(run, seed)
        image = plain.inputs["pretrain"]
        image = replace(image, name=f"{image.name}-width-{cell.width:g}")
        if image.key == self.graph.pretrain(run).key:
            image = self.graph.pretrain(run)  # by the name under which it ships
        inputs = plain.inputs | {"videos": self.videos(cell.videos), "pretrain": image}
        return replace(plain, name=f"{plain.name}-{cell.part}", inputs=inputs, part=cell.part)

    def evaluate(self, run: str, seed: int, cell: Cell) -> Stage:
        """AP on the profile's validation videos, the same ones for all cells."""
        plain, model = self.wide(cell.width).evaluate(run, seed), self.train(run, seed, cell)
        return evaluated_at(plain, cell.part, self.graph.videos(), model)

    def _wide(self, width: float) -> Graph:
        profile = self.graph.profile
        return Graph(self.graph.runs, replace(profile, model=widened(profile.model, width)))


def widened(options: Any, width: float) -> Any:
    """A model's options, at any depth, with all numbers of channels times `width`. Raises
    ValueError where one would not be whole, or too small."""
    if not isinstance(options, Mapping):
        return options
    found: dict[str, Any] = {}
    for name, value in options.items():
        if name in CHANNELS and isinstance(value, int):
            if value * width % 1:
                raise ValueError(f"width {width:g} makes {value * width:g} of {name} {value}")
            found[name] = int(value * width)
            if name == "res2_channels" and found[name] < FEWEST_CHANNELS:
                raise ValueError(
                    f"width {width:g} makes {found[name]} of {name} {value}: at least "
                    f"{FEWEST_CHANNELS} are needed"
                )
        else:
            found[name] = widened(value, width)
    return found


def scale_stages(
    graph: Graph, grids: Mapping[str, ScaleGrid], targets: Sequence[str], seeds: Sequence[int]
) -> list[Stage]:
    """What those of TARGETS ask for. seeds: empty for the declared ones. Raises UnknownNameError
    for a profile that declares no scales."""
    asked = [target for target in TARGETS if target in targets]
    if not asked:
        return []
    scaled = ScaledGraph(graph, declared_grid(graph, grids, "scales", FILE))
    seeds = seeds or scaled.grid.seeds
    return [stage for one in asked for stage in scaled.stages(seeds, held_out=one == HELD_OUT)]


def scale_pretraining(graph: Graph, grids: Mapping[str, ScaleGrid]) -> dict[str, list[Stage]]:
    """Image models of other widths than the profile's, by the one of TARGETS that trains them;
    none for a profile that declares no scales."""
    grid = grids.get(graph.profile.name)
    if grid is None:
        return {}
    scaled = ScaledGraph(graph, grid)
    own = {stage.key for stage in graph.pretraining()}
    first, rest = (scaled.pretraining(held_out=held_out) for held_out in (False, True))
    return {
        SCALE: [stage for key, stage in first.items() if key not in own],
        HELD_OUT: [stage for key, stage in rest.items() if key not in own | first.keys()],
    }


def scale_times(graph: Graph, grids: Mapping[str, ScaleGrid]) -> dict[int, float]:
    """What a stage takes, in times of the profile's own width, by channels of its model."""
    grid = grids.get(graph.profile.name)
    if grid is None:
        return {}
    channels = graph.profile.model["channels"]
    return {int(channels * w): t for w, t in zip(grid.widths, grid.times, strict=True)}


def check_predicted(targets: Sequence[str], layout: Layout) -> None:
    """Raises ValueError if held-out cells would be trained before their gain is predicted."""
    if HELD_OUT in targets and not layout.scale_prediction.is_file():
        raise ValueError(
            f"{layout.shown(layout.scale_prediction)} is missing: what is held out is trained "
            f"once its gain is predicted, which ./run_all.sh scale --profile {layout.profile} does"
        )
