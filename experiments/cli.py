"""The suite's command line; ./run_all.sh calls it.

Nothing here imports torch, detectron2 or pandas: a rerun with nothing to do must be quick.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from . import costs, show
from .environment import cores, gpus
from .estimate import Durations, chains, step_seconds, total_seconds
from .launch.local import Worker
from .layout import ROOT, Layout
from .manifest import Manifests, check_runs, load_manifests
from .plan import RUN, Step, make_plan
from .publish import BUILD, Page, write_result
from .runner import Runner
from .shipped import ship, ship_models
from .spec import Graph, goal_stages, with_official_val
from .stage import Stage
from .status import Status

COST_TARGETS = ("costs", "1f")  # Table 1(f) needs neither data nor training


class Interrupted(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C is."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run_all.sh", description=__doc__.split("\n")[0])
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="tables, runs, all, pretrain, costs"
    )
    parser.add_argument("--profile", default="mini", help="sizes and schedule (default mini)")
    parser.add_argument("--seeds", type=seed_list, help="as 0,1,2; default: the profile's")
    parser.add_argument("--launcher", choices=("local",), default="local", help="where stages run")
    parser.add_argument("--workers", type=positive, help="processes at a time")
    parser.add_argument("--force", action="store_true", help="train and evaluate the targets again")
    parser.add_argument("--dry-run", action="store_true", help="say what would run and why")
    parser.add_argument("--data-root", default=os.environ.get("TPR_DATA"), help="YouTube-VIS")
    parser.add_argument(
        "--official-val", action="store_true", help="train on all, write files for the server"
    )
    return parser.parse_args(arguments)


def seed_list(text: str) -> list[int]:
    if not all(part.strip().isdecimal() for part in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of seeds such as 0,1,2")
    return sorted({int(part) for part in text.split(",")})


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 1")
    return int(text)


def main(
    arguments: Sequence[str] | None = None,
    *,
    root: Path = ROOT,
    stages: str = "experiments.stages",
    page: Sequence[str] | None = BUILD,
) -> int:
    """Runs a command; returns the exit status.

    root, stages, page: the repository, the module with the stages' bodies and how to build the page
    (tests replace them).
    """
    options = parse(arguments)
    signal.signal(signal.SIGTERM, on_sigterm)
    try:
        return command(options, root, stages, page)
    except Interrupted:
        return stopped(143)
    except KeyboardInterrupt:
        return stopped(130)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def on_sigterm(number: int, frame: object) -> NoReturn:
    raise Interrupted


def stopped(status: int) -> int:
    print("\nStopped; nothing is lost. The same command goes on from here.", file=sys.stderr)
    return status


def command(
    options: argparse.Namespace, root: Path, stages: str, page: Sequence[str] | None
) -> int:
    layout = Layout(options.profile, root)
    manifests = load_manifests(layout.manifests)
    profile = manifests.profile(options.profile)
    check_runs(manifests, profile)
    if options.official_val:
        profile = with_official_val(profile)
    graph = Graph(manifests.runs, profile)
    if options.targets[:1] == ["list"]:
        print(show.listing(manifests))
        return 0
    if options.targets[:1] == ["ship-weights"]:
        print("\n".join(ship_weights(options, layout, manifests, graph)))
        return 0
    if options.targets and options.targets[0] in COST_TARGETS:
        return measure_costs(manifests, layout, page)
    return suite(options, Suite(options, layout, manifests, graph), stages, page)


def measure_costs(manifests: Manifests, layout: Layout, page: Sequence[str] | None) -> int:
    """Costs of all runs at full size; then the page that shows them."""
    costs.measure_all(manifests, layout)
    problem = Page(layout, page).finish()
    print(f"Costs:  {layout.shown(layout.costs)}")
    print(f"FAILED    {problem}" if problem else f"Page:   {layout.shown(layout.page)}")
    return 1 if problem else 0


def ship_weights(
    options: argparse.Namespace, layout: Layout, manifests: Manifests, graph: Graph
) -> list[str]:
    """Ships the named runs' trained models, of the first seed; without names the pretraining."""
    if len(options.targets) == 1:
        return ship([graph.pretrain(run) for run in manifests.runs], layout)
    seed = (options.seeds or graph.profile["seeds"])[0]
    runs = manifests.target_runs(options.targets[1:])
    return ship_models([graph.evaluate(run, seed) for run in runs], layout)


class Suite:
    """What one call of the suite works on."""

    def __init__(
        self, options: argparse.Namespace, layout: Layout, manifests: Manifests, graph: Graph
    ) -> None:
        self.layout, self.manifests, self.profile = layout, manifests, graph.profile
        self.targets = options.targets or ["all"]
        self.seeds = options.seeds or self.profile["seeds"]
        self.goals = goal_stages(graph, manifests, self.targets, self.seeds)
        self.steps = make_plan(self.goals, layout, force=options.force)
        self.threads = self.profile.get("threads", 1)
        limit = options.workers or self.profile.get("workers")
        self.processes = self.profile.get("processes", 1) or max(gpus(), 1)
        most = max(cores() // (self.threads * self.processes), 1)
        self.workers = min(limit or most, most)
        self.durations = Durations(layout, self.profile["expected_seconds"])

    @property
    def todo(self) -> list[Step]:
        return [step for step in self.steps if step.action == RUN]

    @property
    def seconds(self) -> float:
        return total_seconds(self.steps, self.durations, self.workers)

    @property
    def priority(self) -> dict[str, float]:
        cost = {s.stage.key: step_seconds(s, self.durations) for s in self.steps}
        return chains([s.stage for s in self.steps], cost)

    @property
    def submissions(self) -> list[Stage]:
        """Those that write files for an evaluation server."""
        return [s for s in self.goals if s.kind == "evaluate" and s.spec["evaluation"] is None]

    @property
    def evaluations(self) -> list[Stage]:
        """Those that compare with ground truth."""
        return [s for s in self.goals if s.kind == "evaluate" and s.spec["evaluation"] is not None]


def suite(options: argparse.Namespace, work: Suite, stages: str, page: Sequence[str] | None) -> int:
    """Plans, runs, writes results, tables and the page."""
    if options.dry_run:
        print(show.plan(work.steps, work.durations, work.seconds, work.workers))
        return 0
    if work.todo:
        check_data(work, options.data_root)
        print(show.headline(work.steps, work.seconds, work.workers), flush=True)
    report = Page(work.layout, page)
    try:
        for stage in work.evaluations:
            if stage.record(work.layout) and not forced(stage, work.steps):
                write_result(stage, work.layout)
        failures = run_steps(work, stages, report) if work.steps else []
        problem = report.finish() if work.evaluations else None
    finally:
        report.stop()
    print(show.closing(work, failures, problem))
    return 1 if failures or problem else 0


def forced(stage: Stage, steps: list[Step]) -> bool:
    return any(step.stage.key == stage.key and step.reason == "forced" for step in steps)


def run_steps(work: Suite, stages: str, report: Page) -> list:
    def finished(stage: Stage) -> None:
        if stage in work.evaluations:
            write_result(stage, work.layout)
            report.refresh()

    runner = Runner(
        work.steps,
        work.layout,
        start=partial(Worker, stages=stages, threads=work.threads, processes=work.processes),
        workers=work.workers,
        priority=work.priority,
        watch=Status(len([s for s in work.steps if s.action != "done"]), work.durations),
        finished=finished,
    )
    return runner.run()


def check_data(work: Suite, data_root: str | None) -> None:
    """Tells the stages where recorded data lie. Raises ValueError, saying what to do."""
    if all(step.stage.kind != "videos" or "splits" in step.stage.spec for step in work.todo):
        return
    if data_root is None:
        raise ValueError(
            f"profile {work.layout.profile} needs YouTube-VIS: give its folder by --data-root DIR "
            "or TPR_DATA (--dry-run shows the plan without it)"
        )
    if not Path(data_root).is_dir():
        raise FileNotFoundError(f"{data_root}: no such folder (from --data-root or TPR_DATA)")
    os.environ["TPR_DATA"] = str(Path(data_root).resolve())


if __name__ == "__main__":
    sys.exit(main())
