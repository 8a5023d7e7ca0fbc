"""The state of every stage of the targets, on this machine or in Slurm: `./run_all.sh status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from experiments.engine import rank_errors
from experiments.engine.lock import is_locked
from experiments.engine.plan import DONE, SHIPPED, decide
from experiments.engine.runner import last_line, share
from experiments.engine.stage_code import StageCode
from experiments.stages.durations import human
from experiments.stages.failures import noted
from experiments.stages.json_files import read_json
from experiments.stages.layout import Layout
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage, in_order
from experiments.terminal.grouped import Told, line
from experiments.terminal.sections import READY, sectioned
from experiments.terminal.suite import Suite

if TYPE_CHECKING:
    from experiments.engine.launch.queue import Job

RUNNING, QUEUED, FAILED, STOPPED, WAITING = "running", "queued", "failed", "stopped", "not run"
ORDER = (DONE, SHIPPED, RUNNING, QUEUED, FAILED, STOPPED, WAITING)
MEANINGS = {
    SHIPPED: "the repository has the weights, nothing to run",
    STOPPED: "the same command goes on from there",
    FAILED: "the same command tries again",
    WAITING: "./run_all.sh with these targets makes it (--dry-run: how long that takes)",
}


class State(NamedTuple):
    """State of a stage. word: one of ORDER; detail: progress, reason or job; may be empty."""

    word: str
    detail: str = ""


def summary(work: Suite) -> tuple[str, bool]:
    """By table, a line for the stages of a run that stand alike; what the words mean; the counts of
    all stages. Whether nothing has failed."""
    stages = {stage.key: stage for stage in in_order(work.goals)}.values()
    jobs = jobs_of(stages, work.layout)
    states = wanted([(stage, state(stage, work.layout, jobs, work.code)) for stage in stages])
    told = [Told(stage, found.word, found.detail) for stage, found in states]
    counts = Counter(s.word for _, s in states)
    words = [word for word in ORDER if counts[word]]
    legend = "; ".join(f"{word}: {MEANINGS[word]}" for word in words if word in MEANINGS)
    lines = [*sectioned(told, work, line), *kept_elsewhere(work), *([legend] if legend else [])]
    total = ", ".join(f"{counts[word]} {word}" for word in words)
    return "\n".join([*lines, f"Stages: {total}"]), not counts[FAILED]


def wanted(states: list[tuple[Stage, State]]) -> list[tuple[Stage, State]]:
    """Without what has not run and nothing needs, as images where the model made of them ships.

    states: inputs first.
    """
    inputs = {one.key for stage, _ in states for one in stage.inputs.values()}
    needed: set[str] = set()
    kept: list[tuple[Stage, State]] = []
    for stage, found in reversed(states):
        if found.word == WAITING and stage.key in inputs - needed:
            continue
        kept.append((stage, found))
        if found.word not in READY:
            needed |= {one.key for one in stage.inputs.values()}
    return kept[::-1]


def kept_elsewhere(work: Suite) -> list[str]:
    """A line on results that ship with the repository, which no stage here need make again."""
    names = [f"{stage.name}.json" for stage in work.evaluations]
    count = sum((work.layout.records / name).is_file() for name in names)
    if not count:
        return []
    page, folder = (work.layout.shown(path) for path in (work.layout.page, work.layout.records))
    return [f"{count} of these results are in {folder}, shipped or from here: {page} shows them"]


def jobs_of(stages: Collection[Stage], layout: Layout) -> dict[str, Job]:
    """Slurm's jobs by stage key. Slurm is not asked if nothing was ever submitted from here."""
    if not any((stage.folder(layout) / "submitted.json").is_file() for stage in stages):
        return {}
    from experiments.engine.launch.queue import job_name, queued

    found = queued(layout)
    names = {stage.key: job_name(stage, layout) for stage in stages}
    return {key: found[name] for key, name in names.items() if name in found}


def state(stage: Stage, layout: Layout, jobs: Mapping[str, Job], code: StageCode) -> State:
    """The state of one stage. jobs: Slurm's jobs by stage key."""
    record, damage = stage.record(layout), stage.damage(layout)
    if record and not damage:
        return State(DONE, code.change(stage, layout, record))
    if job := jobs.get(stage.key):
        about = job.reason if job.waits else progress(stage, layout)
        return State(QUEUED if job.waits else RUNNING, joined(f"job {job.id}", about))
    if is_locked(stage.lock(layout)):
        return State(RUNNING, progress(stage, layout))
    if failure := noted(stage, layout):
        return State(FAILED, failure["reason"])
    if damage:
        return State(WAITING, damage)
    folder = stage.folder(layout)
    log = last_line(folder / "log.txt")
    end = f"log ends: {log}" if log else ""
    if error := rank_errors.first(folder):
        end = rank_errors.told(error)
    if job := read_json(folder / "submitted.json"):
        return State(FAILED, joined(f"job {job.get('job')}", share(stage, layout), end))
    if log:
        return State(STOPPED, joined(share(stage, layout), end))
    action, reason = decide(stage, layout, False)
    return State(SHIPPED, reason) if action == SHIPPED else State(WAITING)


def joined(*parts: str) -> str:
    return "; ".join(filter(None, parts))


def progress(stage: Stage, layout: Layout) -> str:
    """Of a running stage, as "45 % (loss 2.3), 12 min left"."""
    eta = progress_of(stage.folder(layout)).get("eta")
    return share(stage, layout) + (f", {human(eta)} left" if eta else "")
