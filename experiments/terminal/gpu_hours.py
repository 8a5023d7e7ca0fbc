"""What the runs of a profile would cost on GPUs: `--dry-run` where the profile names one.

From counted multiply-accumulates (results/full/costs.json, by `./run_all.sh 1f`), not a measured
training: an estimate, as good as its assumptions, which are printed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from experiments.declared.profiles import Accelerator
from experiments.declared.tables import Table
from experiments.stages.json_files import Record
from experiments.stages.key import Spec
from experiments.stages.stage import Stage
from tpr.cost.conventions import executed, parameters

BACKWARD = 3.0  # a training step's work over that of the forward pass alone
FRAMES = 2  # of a training example: the query and its reference
FRAMES_PER_VIDEO = 27.6  # in the training set of YouTube-VIS 2019, about
WEIGHT_BYTES = 2  # weights.pt has half precision
STATE_BYTES = 12  # checkpoint.pt: weights, momentum and averages, in single precision


class Hours(NamedTuple):
    """GPU hours of training and of evaluation; bytes on disk when finished, and while training."""

    train: float
    evaluate: float
    kept: float
    working: float


def hours(stage: Stage, cost: Record, accelerator: Accelerator) -> Hours:
    """Estimated hours of an evaluation and its training at one seed; cost: of the run's model, for
    one frame."""
    train = stage.inputs["train"].spec["train"]
    speed = accelerator.tflops * 1e12 * accelerator.utilisation * 3600  # FLOPs an hour
    flops = 2 * executed(cost)
    seen = train["iterations"] * train["batch_size"] * FRAMES * scale(train, cost)
    shown = stage.inputs["videos"].spec.get("holdout_videos", 0) * FRAMES_PER_VIDEO
    size = parameters(cost)
    return Hours(
        BACKWARD * flops * seen / speed,
        flops * shown / speed,
        WEIGHT_BYTES * size,
        STATE_BYTES * size,
    )


def scale(train: Spec, cost: Record) -> float:
    """Pixels of a training frame divided by those of the frame that the cost was counted for."""
    low, high = train["short_edge"]
    mean_square = (low * low + low * high + high * high) / 3  # uniform between the two
    return mean_square / cost["size"][0] ** 2


def table(
    evaluations: Iterable[Stage],
    tables: Mapping[str, Table],
    costs: dict[str, Record],
    accelerator: Accelerator,
) -> list[str]:
    """Lines for each run, the totals and the assumptions; tables: the profile's by id."""
    seeds: dict[str, list[Stage]] = {}
    for stage in evaluations:
        seeds.setdefault(str(stage.run), []).append(stage)
    inside = {run: " ".join(id for id, t in tables.items() if run in t.trained) for run in seeds}
    name, where = (max(map(len, ["tables", *texts])) + 2 for texts in (seeds, inside.values()))
    lines = [f"{'run':<{name}}{'tables':<{where}}seeds  train GPU h  test GPU h     MB"]
    found: dict[str, Hours] = {}  # by key: two runs that differ in name only are trained once
    for run, stages in seeds.items():
        head = f"{run:<{name}}{inside[run]:<{where}}{len(stages):>5}"
        if run not in costs:
            lines.append(f"{head}  cost not counted: ./run_all.sh 1f")
            continue
        own = {stage.key: hours(stage, costs[run], accelerator) for stage in stages}
        found |= own
        lines.append(head + numbers(list(own.values())))
    total = list(found.values())
    lines.append(f"{'all, each training once':<{name + where}}{len(total):>5}{numbers(total)}")
    return [*lines, *assumptions(accelerator, total)]


def numbers(found: list[Hours]) -> str:
    train, evaluate = sum(x.train for x in found), sum(x.evaluate for x in found)
    return f"{train:>13.1f}{evaluate:>12.2f}{sum(x.kept for x in found) / 1e6:>7.0f}"


def assumptions(accelerator: Accelerator, found: list[Hours]) -> list[str]:
    working = max((x.working for x in found), default=0.0)
    return [
        f"Estimated from counted multiply-accumulates, not measured: {accelerator.name}, "
        f"{accelerator.tflops:g} TFLOP/s at {accelerator.utilisation:.0%} use, {FRAMES} frames an "
        f"example, {BACKWARD:g} times the forward pass in training, all gates open, "
        f"{FRAMES_PER_VIDEO} frames a video.",
        f"Disk: weights as listed, {working / 1e6:.0f} MB more for each training that is running; "
        "results and logs come on top.",
    ]
