"""What the suite prints before and after running."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from experiments.declared.manifests import Manifests
from experiments.engine.plan import DAMAGED, DONE, OTHER_CODE, RUN, SHIPPED, Step
from experiments.engine.runner import Failure
from experiments.stages.durations import human
from experiments.stages.layout import Layout
from experiments.stages.stage import PRETRAINING, finished_folder
from experiments.terminal.grouped import Group, Told, line
from experiments.terminal.sections import sectioned
from experiments.terminal.suite import Suite
from tpr.terminal import several

if TYPE_CHECKING:
    from experiments.engine.launch.slurm import Submitted


COST_TABLE = ("1f", "Computation analysis on various baselines: costs, without training")
TRACKER_TABLE = ("trackers", "Trackers on the same detections")
WIDTH = 100


def listing(manifests: Manifests) -> str:
    """Tables, runs and profiles."""
    tables = [(id, table.title) for id, table in manifests.tables.items()]
    runs = [(run, run_note(run, manifests)) for run in manifests.runs]
    profiles = [
        (name, " ".join(manifests.profile(name).about.split())) for name in manifests.profiles
    ]
    parts = {"Tables": [*tables, COST_TABLE, TRACKER_TABLE], "Runs": runs, "Profiles": profiles}
    return "\n".join(
        line for title, rows in parts.items() for line in [f"{title}:", *columns(rows)]
    )


def columns(rows: list[tuple[str, str]]) -> list[str]:
    """Names and what they are, side by side, the latter wrapped."""
    indent = max(len(name) for name, _ in rows) + 4
    found: list[str] = []
    for name, about in rows:
        first = f"  {name}".ljust(indent)
        space = " " * indent
        found += textwrap.wrap(about, WIDTH, initial_indent=first, subsequent_indent=space)
    return found


def run_note(run: str, manifests: Manifests) -> str:
    """The tables that a run is in, and its published AP."""
    inside = [id for id, table in manifests.tables.items() if run in table.runs]
    rows = [row for table in manifests.tables.values() for row in table.rows if row.run == run]
    values = {row.published["AP"] for row in rows if "AP" in row.published}
    published = f"; published AP {', '.join(map(str, sorted(values)))}" if values else ""
    return f"tables {' '.join(inside) or 'none'}{published}"


def counts(steps: list[Step]) -> str:
    """As "12 stages to run (6 evaluate, 6 train), 1 shipped, 3 done"."""
    actions = Counter(step.action for step in steps)
    kinds = Counter(step.stage.kind for step in steps if step.action == RUN)
    parts = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    out = f"{several(actions[RUN], 'stage')} to run" + (f" ({parts})" if parts else "")
    for action in (SHIPPED, DONE):
        out += f", {actions[action]} {action}" if actions[action] else ""
    return out


def summary(steps: list[Step], seconds: float, workers: int) -> str:
    where = f"{workers} processes" if workers > 1 else "one process"
    return counts(steps) + (f"; about {human(seconds)} on {where}" if seconds else "")


def made_again(steps: list[Step], layout: Layout) -> list[str]:
    """A line for each finished stage that runs again because its files were modified or because
    other code made them.

    It names the folder in which results of other code are kept, and the option that accepts them.
    """
    again = [step for step in steps if step.reason.startswith((DAMAGED, OTHER_CODE))]
    lines = [f"{step.stage.label} is made again, {step.reason}" for step in again]
    if any(step.reason.startswith(OTHER_CODE) for step in again):
        aside = layout.shown(layout.other_code)
        lines.append(f"what other code made is kept in {aside}; --accept-code takes it as it is")
    return lines


def headline(steps: list[Step], seconds: float, workers: int) -> str:
    """The plan in short, and why shipped weights are not used, if they are not."""
    lines = [summary(steps, seconds, workers)]
    for step in steps:
        again = step.reason.startswith((DAMAGED, OTHER_CODE))
        if step.stage.kind in PRETRAINING and step.action == RUN and not again:
            lines.append(f"{step.stage.label} will run: {step.reason}")
    return "\n".join(lines)


def plan(work: Suite, seconds: float) -> str:
    """What would happen to the stages, and why: by table, one line for stages of a run that are
    treated alike. seconds: that all would take, 0 where that is not told."""
    told = [
        Told(x.stage, x.action, x.reason, work.durations(x.stage) if x.action == RUN else 0.0)
        for x in work.steps
    ]

    def timed(group: Group) -> str:
        cost = f", about {human(group.seconds)}" if group.seconds and seconds else ""
        return line(group) + cost

    legend = f"{RUN}: made now; {SHIPPED}: taken from weights/; {DONE}: there already"
    return "\n".join(
        [legend, *sectioned(told, work, timed), summary(work.steps, seconds, work.workers)]
    )


def failure_line(failure: Failure, layout: Layout) -> str:
    where = f" (log: {layout.shown(failure.log)})" if failure.log else ""
    kind = "FAILED" if failure.log else "not run"
    return f"{kind:<9} {failure.stage.label}: {failure.reason}{where}"


def closing(work: Suite, failures: list[Failure], problem: str | None) -> str:
    """Where the results are, and every failure once more, as it may have scrolled out of sight."""
    lines = failure_lines(work.layout, failures, problem)
    if not failures and not work.todo:
        found = f"all {len(work.goals)} results are" if len(work.goals) > 1 else "the result is"
        lines.append(f"Nothing to do: {found} there")
    for stage in work.submissions:
        if folder := finished_folder(work.layout.runs, stage.key):
            lines.append(f"For the server: {work.layout.shown(folder)}/submission.zip")
    return "\n".join(lines + (written(work) if work.shown else []))


def failure_lines(layout: Layout, failures: list[Failure], problem: str | None) -> list[str]:
    lines = [failure_line(failure, layout) for failure in failures]
    if problem:
        lines.append(f"FAILED    {problem}")
    if failures:
        count = f"{several(len(failures), 'stage')} did not finish"
        lines.append(f"{count}; the same command goes on (mend first what the lines above name)")
    return lines


def written(work: Suite) -> list[str]:
    """Paths of the tables that hold results of this call, and of the page."""
    layout = work.layout
    runs = {stage.run for stage in work.results if stage.record(layout)}
    held = [id for id, table in work.manifests.tables.items() if runs & set(table.runs)]
    tables = [layout.tables / f"{id}.csv" for id in held]
    found = [layout.shown(path) for path in tables if path.is_file()]
    lines = [f"Tables: {' '.join(found)}"] if found else []
    return lines + ([f"Page:   {layout.shown(layout.page)}"] if layout.page.is_file() else [])


def round_closing(work: Suite, failures: list[Failure], problem: str | None) -> str:
    """The failures of a round; the looks printed after it say the rest."""
    return "\n".join(failure_lines(work.layout, failures, problem))


def submitted(found: Submitted, steps: list[Step]) -> str:
    """Which jobs have been submitted or were in the queue."""
    names = {step.stage.key: step.stage.label for step in steps}
    lines = [f"submitted {names[key]}: job {id}" for key, id in found.new.items()]
    lines.append(
        f"{len(found.new)} jobs submitted, {len(found.attached)} were in the queue already; "
        "`./run_all.sh status` with the same options shows them, this command again reports"
    )
    return "\n".join(lines)
