"""The suite's command line; ./run_all.sh calls it.

Nothing here imports torch, detectron2 or pandas: a rerun with nothing to do must be quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tpr.command import LONGEST, say
from tpr.command import command as command_line
from tpr.machine import cores
from tpr.terminal import printable

from . import costs, gpu_hours, show, states
from .batch_division import check_division
from .disk import told
from .environment import gpus
from .estimate import Durations
from .failures import write_failure
from .gpu_support import check_build, check_support_apart
from .launch.forked import Forked
from .launch.local import Worker, is_shared
from .launch.ranks import forget_ranks
from .layout import ROOT, Layout
from .manifest import Manifests, check_runs, load_manifests
from .needs import check_needs
from .options import parse
from .plan import DONE, RUN, Step, make_plan
from .publish import BUILD, Page, write_result
from .runner import Runner
from .schedule import Schedule, total_seconds
from .shipped import ship, ship_models
from .shipped_records import ship_records, shipped_problems
from .signals import Stopped, stopped_by_signals
from .spec import Graph, goal_stages, with_official_val
from .stage import Stage
from .status import Status
from .trial import notes, trial

COST_TARGETS = ("costs", "1f")  # Table 1(f) needs neither data nor training


@command_line(failed=2, told=told)
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
    forget_ranks()
    try:
        with stopped_by_signals():
            return command(options, root, stages, page)
    except Stopped as signalled:
        say("\nStopped; nothing is lost. The same command goes on from here.")
        return signalled.status


def command(
    options: argparse.Namespace, root: Path, stages: str, page: Sequence[str] | None
) -> int:
    manifests = load_manifests(Layout(options.profile, root).manifests)
    profile = chosen_profile(options, manifests)
    layout = Layout(profile["profile"], root)
    graph = Graph(manifests.runs, profile)
    if options.targets[:1] == ["list"]:
        print(show.listing(manifests))
        return 0
    if options.targets[:1] == ["ship-weights"]:
        print("\n".join(ship_weights(options, layout, manifests, graph)))
        return 0
    if options.targets == ["ship-records"]:
        print("\n".join(ship_records(layout)))
        return 0
    if options.targets[:1] == ["status"]:
        options.targets = options.targets[1:]
        text, well = states.status(Suite(options, layout, manifests, graph).goals, layout)
        print(text)
        return 0 if well else 1
    if options.targets and options.targets[0] in COST_TARGETS:
        return measure_costs(manifests, layout, page)
    return suite(options, Suite(options, layout, manifests, graph), stages, page)


def chosen_profile(options: argparse.Namespace, manifests: Manifests) -> dict[str, Any]:
    """The named profile as the options change it."""
    profile = manifests.profile(options.profile)
    check_runs(manifests, profile)
    if options.official_val:
        profile = with_official_val(profile)
    if options.limit_videos or options.limit_frames or options.max_iter:
        profile = trial(
            profile,
            videos=options.limit_videos,
            frames=options.limit_frames,
            iterations=options.max_iter,
            data_root=options.data_root,
            on_gpus=bool(options.gpus_per_node if options.launcher == "slurm" else gpus()),
        )
        print("\n".join(notes(profile)), flush=True)
    return profile


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
        return ship(graph.pretraining(), layout)
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
        self.threads = min(self.profile.get("threads", 1), cores())
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

    def start(self, stages: str) -> Callable[[Path], Worker | Forked]:
        """Starts a stage's worker; forks it where no CUDA can be in the way."""
        if self.processes == 1 and not gpus():
            return partial(Forked, stages=stages, threads=self.threads)
        return partial(Worker, stages=stages, threads=self.threads, processes=self.processes)

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
        if "accelerator" in work.profile:
            found, tables = costs.current(work.manifests, work.layout)[0], work.manifests.tables
            goals = [stage for stage in work.goals if stage.kind == "evaluate"]
            print("\n".join(gpu_hours.table(goals, tables, found, work.profile["accelerator"])))
        return 0
    for line in [*shipped_problems(work.layout), *show.damaged(work.steps)]:
        print(f"note: {printable(line, LONGEST)}", flush=True)
    if work.todo:
        stages_to_run = [step.stage for step in work.todo]
        if options.follow_links:
            os.environ["TPR_FOLLOW_LINKS"] = "1"
        check_needs(stages_to_run, work.layout.profile, options.data_root)
        seconds = 0.0 if options.launcher == "slurm" else work.seconds  # Slurm knows when
        print(show.headline(work.steps, seconds, work.workers), flush=True)
    report = Page(work.layout, page)
    if options.launcher == "slurm" and work.todo:
        return submit_to_slurm(options, work, stages)
    check_here(work)
    try:
        for stage in work.evaluations:
            if is_done(stage, work.steps):
                write_result(stage, work.layout)
        failures = run_steps(work, stages, report) if work.steps else []
        for stage in work.evaluations:
            write_failure(stage, work.layout)
        problem = report.finish() if work.evaluations else None
    finally:
        report.stop()
    print(show.closing(work, failures, problem))
    return 1 if failures or problem else 0


def check_here(work: Suite) -> None:
    """Raises ValueError or OSError if this machine's GPUs, or so many, cannot train what is to be
    trained."""
    shared = [step.stage for step in work.todo if is_shared(step.stage.spec)]
    check_division(shared, lambda stage: work.processes)
    if shared:
        check_support_apart()


def submit_to_slurm(options: argparse.Namespace, work: Suite, stages: str) -> int:
    """Submits what is not done and returns; a later call, with nothing left to do, reports."""
    from .launch.slurm import Cluster, ranks, submit_all

    named = {"partition": options.partition, "account": options.account}
    chosen = {name: value for name, value in named.items() if value} | dict(options.sbatch)
    cluster = Cluster(
        nodes=options.nodes,
        gpus_per_node=options.gpus_per_node,
        minutes=options.time,
        threads=work.profile.get("threads", 1),
        cores_per_gpu=options.cores_per_gpu,
        options=chosen,
        cpu_partition=options.cpu_partition,
    )
    check_division([step.stage for step in work.todo], lambda stage: ranks(stage, cluster))
    if cluster.gpus_per_node:
        check_build()
    print(show.submitted(submit_all(work.steps, work.layout, cluster, stages), work.steps))
    return 0


def is_done(stage: Stage, steps: list[Step]) -> bool:
    return any(step.stage.key == stage.key and step.action == DONE for step in steps)


def run_steps(work: Suite, stages: str, report: Page) -> list:
    def finished(stage: Stage) -> None:
        same = [one for one in work.evaluations if one.key == stage.key]
        for one in same:
            write_result(one, work.layout)
        if same:
            report.refresh()

    runner = Runner(
        work.steps,
        work.layout,
        start=work.start(stages),
        schedule=Schedule(work.steps, work.durations, work.workers),
        watch=Status(len([s for s in work.steps if s.action != "done"]), work.durations),
        finished=finished,
    )
    return runner.run()


if __name__ == "__main__":
    sys.exit(main())
