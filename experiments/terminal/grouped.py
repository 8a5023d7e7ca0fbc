"""One printed line for all stages of a run to which the same applies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from experiments.stages.stage import Stage


class Told(NamedTuple):
    """What is printed of a stage: a word, details, which may be empty, and the seconds it takes."""

    stage: Stage
    word: str
    detail: str = ""
    seconds: float = 0.0


class Group(NamedTuple):
    """Stages of one run with the same word and details."""

    label: str
    word: str
    detail: str
    seconds: float


def grouped(told: Iterable[Told]) -> list[Group]:
    """Groups in the order of their first stages."""
    groups: dict[tuple[str, ...], list[Told]] = {}
    for one in told:
        stage = one.stage
        own = stage.run or stage.key
        at_dose = stage.kind if stage.part else ""
        groups.setdefault((own, at_dose, one.word, one.detail), []).append(one)
    return [
        Group(label([x.stage for x in some]), word, detail, sum(x.seconds for x in some))
        for (_, _, word, detail), some in groups.items()
    ]


def label(stages: list[Stage]) -> str:
    """As "train and evaluate blendmask-r50+tpr seeds 0, 1"; one stage by its own label."""
    if len(stages) == 1:
        return stages[0].label
    kinds = list(dict.fromkeys(stage.kind for stage in stages))
    seeds = list(dict.fromkeys(str(stage.seed) for stage in stages))
    parts = {stage.part for stage in stages}
    if len(kinds) * len(seeds) * len(parts) != len(stages):  # not all of each: name every one
        return ", ".join(stage.label for stage in stages)
    several = "s" if len(seeds) > 1 else ""
    at = f" at {len(parts)} settings" if len(parts) > 1 else f" {stages[0].part}".rstrip()
    return f"{' and '.join(kinds)} {stages[0].run} seed{several} {', '.join(seeds)}{at}"


def line(group: Group) -> str:
    """Word, stages, details."""
    return f"{group.word:<8}{group.label}" + (f": {group.detail}" if group.detail else "")
