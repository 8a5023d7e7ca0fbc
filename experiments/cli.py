"""The suite's command line; ./run_all.sh calls it.

Nothing here imports torch, detectron2 or pandas: a rerun with nothing to do must be quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from experiments import costs
from experiments.declared.manifests import Manifests, load_manifests
from experiments.engine.disk import told
from experiments.engine.gpu_support import check_build, check_support_apart
from experiments.engine.launch.local import is_shared
from experiments.engine.launch.ranks import forget_ranks
from experiments.engine.plan import DONE, Step
from experiments.engine.runner import Failure, Runner
from experiments.engine.schedule import Schedule
from experiments.engine.signals import Stopped, stopped_by_signals
from experiments.engine.worker import STAGE_BODIES
from experiments.pipeline.batch_division import check_division
from experiments.pipeline.graph import Graph
from experiments.pipeline.needs import check_needs
from experiments.pipeline.scaled import check_predicted, scale_pretraining
from experiments.ship.dose_records import write_any
from experiments.ship.offset_fits import write_offset_fit
from experiments.ship.publish import BUILD, Page
from experiments.ship.ship_weights import finished_evaluation, ship, ship_models
from experiments.ship.shipped_records import ship_records, shipped_problems
from experiments.ship.tracker_results import write_trackers
from experiments.stages.failures import write_failure
from experiments.stages.layout import ROOT, Layout
from experiments.stages.stage import Stage
from experiments.terminal import gpu_hours, messages, stage_states
from experiments.terminal.chosen_profile import chosen_profile
from experiments.terminal.decidable import (
    check_committed,
    check_options,
    check_unchanged,
    declared_plan,
    tables_with_claims,
)
from experiments.terminal.live_line import LiveLine
from experiments.terminal.options import parse
from experiments.terminal.suite import Suite
from experiments.terminal.until_decided import JUDGE, Rounds, decide
from tpr.command import LONGEST, say
from tpr.command import command as command_line
from tpr.terminal import printable

COST_TARGETS = ("costs", "1f")  # Table 1(f) needs neither data nor training


@command_line(failed=2, told=told)
def main(
    arguments: Sequence[str] | None = None,
    *,
    root: Path = ROOT,
    stages: str = STAGE_BODIES,
    page: Sequence[str] | None = BUILD,
    judge: Sequence[str] = JUDGE,
) -> int:
    """Runs a command; returns the exit status.

    root, stages, page, judge: the repository, the module with the stages' bodies, how to build the
    page and how to judge a look (tests replace them).
    """
    options = parse(arguments)
    forget_ranks()
    try:
        with stopped_by_signals():
            return command(options, root, stages, page, judge)
    except Stopped as signalled:
        say("\nStopped; nothing is lost. The same command goes on from here.")
        return signalled.status


def command(
    options: argparse.Namespace,
    root: Path,
    stages: str,
    page: Sequence[str] | None,
    judge: Sequence[str],
) -> int:
    manifests = load_manifests(Layout(options.profile, root).manifests)
    if options.until_decided:
        return until_decided(options, manifests, Layout(options.profile, root), stages, page, judge)
    profile = chosen_profile(options, manifests)
    layout = Layout(profile.name, root)
    graph = Graph(manifests.runs, profile)
    if options.targets[:1] == ["list"]:
        print(messages.listing(manifests))
        return 0
    if options.targets[:1] == ["ship-weights"]:
        return ship_weights(options, layout, manifests, graph)
    if options.targets == ["ship-records"]:
        print("\n".join(ship_records(layout)))
        return 0
    if options.targets[:1] == ["status"]:
        options.targets = options.targets[1:]
        work = Suite(options, layout, manifests, graph, stages)
        text, well = stage_states.summary(work)
        print(text)
        return 0 if well else 1
    if options.targets and options.targets[0] in COST_TARGETS:
        if options.dry_run:
            print(costs.planned(manifests, layout))
            return 0
        return measure_costs(manifests, layout, page)
    return run_suite(options, Suite(options, layout, manifests, graph, stages), stages, page)


def until_decided(
    options: argparse.Namespace,
    manifests: Manifests,
    layout: Layout,
    stages: str,
    page: Sequence[str] | None,
    judge: Sequence[str],
) -> int:
    """Runs the rounds of the profile's declared plan until every claim is decided; returns the exit
    status."""
    check_options(options)
    profile = chosen_profile(options, manifests)
    tables = tables_with_claims(manifests, profile, options.targets)
    plan = declared_plan(profile, layout)
    if not options.dry_run:
        check_committed(layout)
    check_unchanged(plan, profile, layout)

    def run(chosen: argparse.Namespace, work: Suite) -> int:
        return run_suite(chosen, work, stages, page, messages.round_closing)

    graph = Graph(manifests.runs, profile)

    def suite(chosen: argparse.Namespace) -> Suite:
        return Suite(chosen, layout, manifests, graph, stages)

    return decide(Rounds(options, layout, plan, tables, suite, run, judge))


def measure_costs(manifests: Manifests, layout: Layout, page: Sequence[str] | None) -> int:
    """Measures the costs of all runs at full size, then builds the page that shows them."""
    costs.measure_all(manifests, layout)
    problem = Page(layout, page).finish()
    print(f"Costs:  {layout.shown(layout.costs)}")
    print(f"FAILED    {problem}" if problem else f"Page:   {layout.shown(layout.page)}")
    return 1 if problem else 0


def ship_weights(
    options: argparse.Namespace, layout: Layout, manifests: Manifests, graph: Graph
) -> int:
    """Ships the named runs' trained models, of one seed each; without names all finished
    pretraining. 1 if a named run, or all pretraining, is not there to ship."""
    runs = manifests.target_runs(options.targets[1:])
    if runs:
        evaluations = [
            graph.evaluate(run, options.seeds[0])
            if options.seeds
            else finished_evaluation(graph, run, layout)
            for run in runs
        ]
        outcomes = ship_models(evaluations, layout, graph.profile.knows)
    else:
        scaled = scale_pretraining(graph, manifests.scales)
        outcomes = ship({"pretrain": graph.pretraining(), **scaled}, layout)
    print("\n".join(one.line for one in outcomes))
    ships = [one.ships for one in outcomes]
    return 0 if (all(ships) if runs else any(ships)) else 1


def run_suite(
    options: argparse.Namespace,
    work: Suite,
    stages: str,
    page: Sequence[str] | None,
    closing: Callable[[Suite, list[Failure], str | None], str] = messages.closing,
) -> int:
    """Plans and runs the stages, then writes results, tables and the page; closing makes the text
    printed last."""
    left_out = [f"note: {line}" for line in work.left_out]
    if options.dry_run:
        # where a profile names a GPU, the table of GPU hours says how long stages take
        seconds = work.seconds if work.profile.accelerator is None else 0.0
        plan = messages.plan(work, seconds)
        print("\n".join([*left_out, plan]))
        if (accelerator := work.profile.accelerator) is not None:
            found = costs.current(work.manifests, work.layout)[0]
            listed = set(work.manifests.everything(work.profile))
            tables = {id: t for id, t in work.manifests.tables.items() if id in listed}
            goals = [stage for stage in work.goals if stage.kind == "evaluate"]
            print("\n".join(gpu_hours.table(goals, tables, found, accelerator)))
        return 0
    for line in [*shipped_problems(work.layout), *messages.made_again(work.steps, work.layout)]:
        print(f"note: {printable(line, LONGEST)}", flush=True)
    if work.todo:
        check_predicted(work.targets, work.layout)
        stages_to_run = [step.stage for step in work.todo]
        if options.follow_links:
            os.environ["TPR_FOLLOW_LINKS"] = "1"
        check_needs(stages_to_run, work.layout.profile, options.data_root)
        seconds = 0.0 if options.launcher == "slurm" else work.seconds  # only Slurm knows when
        print(messages.headline(work.steps, seconds, work.workers), flush=True)
    for line in left_out:
        print(line, flush=True)
    report = Page(work.layout, page)
    if options.launcher == "slurm" and work.todo:
        return submit_to_slurm(options, work, stages)
    check_here(work)
    try:
        for stage in work.results:
            if is_done(stage, work.steps):
                write_any(stage, work.layout)
        failures = run_steps(work, stages, report) if work.steps else []
        for stage in work.offset_fits:
            write_offset_fit(stage, work.layout)
        write_trackers(work.associations, work.layout)
        for stage in work.evaluations:
            write_failure(stage, work.layout)
        problem = report.finish() if work.shown else None
    finally:
        report.stop()
    if text := closing(work, failures, problem):
        print(text)
    return 1 if failures or problem else 0


def check_here(work: Suite) -> None:
    """Raises ValueError or OSError if this machine's GPUs, or their number, cannot train the plan's
    stages."""
    shared = [step.stage for step in work.todo if is_shared(step.stage.spec)]
    check_division(shared, lambda stage: work.processes)
    if shared:
        check_support_apart()


def submit_to_slurm(options: argparse.Namespace, work: Suite, stages: str) -> int:
    """Submits what is not done and returns; a later call, with nothing left to do, reports."""
    from experiments.engine.launch.slurm import Cluster, ranks, submit_all

    named = {"partition": options.partition, "account": options.account}
    chosen = {name: value for name, value in named.items() if value} | dict(options.sbatch)
    cluster = Cluster(
        nodes=options.nodes,
        gpus_per_node=options.gpus_per_node,
        minutes=options.time,
        threads=work.profile.threads,
        cores_per_gpu=options.cores_per_gpu,
        options=chosen,
        cpu_partition=options.cpu_partition,
    )
    check_division([step.stage for step in work.todo], lambda stage: ranks(stage, cluster))
    if cluster.gpus_per_node:
        check_build()
    found = submit_all(work.steps, work.layout, cluster, stages, work.code)
    print(messages.submitted(found, work.steps))
    return 0


def is_done(stage: Stage, steps: list[Step]) -> bool:
    return any(step.stage.key == stage.key and step.action == DONE for step in steps)


def run_steps(work: Suite, stages: str, report: Page) -> list:
    def finished(stage: Stage) -> None:
        same = [one for one in work.results if one.key == stage.key]
        for one in same:
            write_any(one, work.layout)
        if same:
            report.refresh()

    runner = Runner(
        work.steps,
        work.layout,
        start=work.start(stages),
        schedule=Schedule(work.steps, work.durations, work.workers),
        watch=LiveLine(len([s for s in work.steps if s.action != "done"]), work.durations),
        finished=finished,
        code=work.code,
    )
    return runner.run()


if __name__ == "__main__":
    sys.exit(main())
