"""What an evaluation's record says, from the matches of its tracks with the true ones."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.pipeline.error_measures import error_measures
from experiments.stages.json_files import Record
from experiments.stages.key import Spec

if TYPE_CHECKING:
    from tpr.evaluation.difficulty import Group

MATCHES = "matches.npz.xz"  # in the folder of an evaluation


def measures(ground_truth: Path, results: Path, settings: Spec, matches: Path) -> Record:
    """AP and AR in percent, AP by category and difficulty, bootstrap draws over videos, and
    `error_measures`.

    The matches are written to the file `matches`, from which AP, AR and their parts can be computed
    again. `settings`: the profile's evaluation section. The draws (tpr.evaluation.draws) are
    determined by the number of videos and `bootstrap_seed`, so that they are the same ones for
    every run.
    """
    from tpr.evaluation.difficulty import by_difficulty, difficulty_of
    from tpr.evaluation.draws import pack_draws
    from tpr.evaluation.kept_matches import keep_matches
    from tpr.evaluation.video_ap import evaluate

    found = evaluate(ground_truth, results, errors=True, hota=True)
    draws = found.bootstrap(settings["bootstrap"], settings["bootstrap_seed"])
    names = found.category_names
    hardness = difficulty_of(ground_truth, results)
    difficulty = by_difficulty(hardness, found)
    keep_matches(matches, found, hardness)
    return {
        **{name: percent(value) for name, value in found.stats.items()},
        "AP_bootstrap_se": deviation([percent(value) for value in draws.tolist()]),
        "AP_draws": pack_draws(draws),
        "videos": len(found.video_ids),
        "per_category": {names[id]: percent(value) for id, value in found.per_category.items()},
        "difficulty": {name: list(map(group, groups)) for name, groups in difficulty.items()},
        **error_measures(found, hardness, settings),
    }


def group(one: Group) -> Record:
    """A group of videos or frames as a record holds it; "size" is the number of videos or
    frames."""
    bounds = {} if one.low is None else {"low": one.low, "high": one.high}
    return {"name": one.name, "size": one.size, "AP": percent(one.ap), **bounds}


def percent(value: float) -> float | None:
    """A value in [0, 1] in percent; -1, the metric's mark for undefined, becomes None."""
    return None if value < 0 else 100 * value


def deviation(values: list[float | None]) -> float | None:
    """Sample standard deviation of the values that are defined, None for fewer than two."""
    defined = [x for x in values if x is not None]
    if len(defined) < 2:
        return None
    mean = sum(defined) / len(defined)
    return math.sqrt(sum((x - mean) ** 2 for x in defined) / (len(defined) - 1))
