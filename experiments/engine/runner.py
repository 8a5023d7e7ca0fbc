"""Runs the stages of a plan, several at a time, and goes on past failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from experiments.engine import rank_errors
from experiments.engine.disk import AGAIN, NO_SPACE
from experiments.engine.lock import file_lock, is_locked
from experiments.engine.plan import DONE, FORCED, OTHER_CODE, SHIPPED, Step, decide
from experiments.engine.schedule import Schedule
from experiments.engine.shipped_weights import unpack
from experiments.engine.stage_code import Code, StageCode
from experiments.engine.worker import BUSY
from experiments.stages.json_files import make_way, write_json
from experiments.stages.layout import Layout
from experiments.stages.outputs import TELLING_FILES
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage, finished_folder
from tpr.files import remove
from tpr.terminal import printable

PAUSE = 0.1  # seconds between looks at the workers
PATIENCE = 5.0  # seconds that a worker has to end before it is killed
LONGEST_LINE = 300  # characters of a log that are shown


class StageProcess(Protocol):
    """A stage's worker, as a launcher started it."""

    def poll(self) -> int | None:
        """Exit status, None while it runs."""

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True)
class Failure:
    stage: Stage
    reason: str
    log: Path | None = None


class Runner:
    """Runs the steps of a plan.

    start(folder) starts a stage's worker; watch(runner) is called at every look at the workers;
    finished(stage) after each finished stage; code: today's.
    """

    def __init__(
        self,
        steps: list[Step],
        layout: Layout,
        *,
        start: Callable[[Path], StageProcess],
        schedule: Schedule,
        watch: Callable[[Runner], None] = lambda runner: None,
        finished: Callable[[Stage], None] = lambda stage: None,
        code: StageCode | None = None,
    ) -> None:
        self.layout, self.start, self.schedule = layout, start, schedule
        self.watch, self.finished = watch, finished
        self.waiting = {s.stage.key: s.stage for s in steps if s.action != DONE}
        self.code = {step.stage.key: step.code for step in steps}
        self.ships = {s.stage.key for s in steps if s.action == SHIPPED}
        self.running: dict[str, tuple[Stage, StageProcess, float]] = {}
        self.elsewhere: dict[str, Stage] = {}
        self.done: list[Stage] = []
        self.failures: list[Failure] = []
        clear(steps, layout, code)

    def run(self) -> list[Failure]:
        """Returns the stages that failed or could not run. Leaves no worker behind."""
        try:
            while self.waiting or self.running or self.elsewhere:
                self.collect()
                self.look_elsewhere()
                self.launch()
                self.watch(self)
                time.sleep(PAUSE)
        finally:
            stop([worker for _, worker, _ in self.running.values()])
        return self.failures

    def collect(self) -> None:
        """Handles the workers that have ended."""
        for key, (stage, worker, _) in list(self.running.items()):
            status = worker.poll()
            if status is None:
                continue
            del self.running[key]
            if status == 0 and stage.record(self.layout):
                self.finish(stage)
            elif status == BUSY:
                self.elsewhere[key] = stage
            else:
                self.fail(stage, failure_reason(stage.folder(self.layout), status))

    def look_elsewhere(self) -> None:
        """Checks the stages that another suite is running: whether they finished, go on, or were
        given up."""
        for key, stage in list(self.elsewhere.items()):
            if is_locked(stage.lock(self.layout)):
                continue
            del self.elsewhere[key]
            if stage.record(self.layout):
                self.finish(stage)
            else:
                self.waiting[key] = stage

    def launch(self) -> None:
        """Starts stages whose inputs are finished while fewer than the allowed number run."""
        while len(self.running) < self.schedule.workers:
            key = self.schedule.pick(self.waiting, [*self.running, *self.elsewhere])
            if key is None:
                return
            self.start_stage(self.waiting.pop(key))

    def start_stage(self, stage: Stage) -> None:
        if stage.key in self.ships:
            unpack(stage, self.layout)
            self.finish(stage)
        elif stage.record(self.layout):  # another suite finished it since the plan was made
            self.finish(stage)
        elif not describe(stage, self.layout, self.code[stage.key]):
            self.elsewhere[stage.key] = stage
        else:
            worker = self.start(stage.folder(self.layout))
            self.running[stage.key] = (stage, worker, time.monotonic())

    def finish(self, stage: Stage) -> None:
        self.done.append(stage)
        self.finished(stage)

    def fail(self, stage: Stage, reason: str) -> None:
        """Notes the failure and removes everything that needs the stage from the plan."""
        self.failures.append(Failure(stage, reason, stage.folder(self.layout) / "log.txt"))
        lost = {stage.key}
        for key in [key for key in self.waiting if needs(self.waiting[key], lost)]:
            blocked = self.waiting.pop(key)
            self.failures.append(Failure(blocked, f"needs {stage.label}, which failed"))


def stop(workers: list[StageProcess]) -> None:
    """Ends all workers, gently first."""
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(worker.poll() is None for worker in workers):
        time.sleep(0.05)
    for worker in workers:
        worker.kill()


def needs(stage: Stage, lost: set[str]) -> bool:
    return any(s.key in lost or needs(s, lost) for s in stage.inputs.values())


def describe(stage: Stage, layout: Layout, code: Code | None = None) -> bool:
    """Writes stage.json for the worker; False if another suite is running the stage.

    The stage's lock is held meanwhile, so drafts found in the folder are leftovers of killed
    runners and are removed.
    """
    folder = stage.folder(layout)
    with file_lock(stage.lock(layout)) as mine:
        if mine:
            clear_way(folder)
            for draft in folder.glob(".stage.json.*.tmp"):
                draft.unlink()
            write_json(folder / "stage.json", stage.request(code))
    return mine


def clear(steps: Iterable[Step], layout: Layout, code: StageCode | None = None) -> None:
    """Removes the files of stages that are to start over, dependent ones first.

    Stages that another suite is running, or has repaired since, are left alone. Results of other
    code are kept in a folder beside (`Layout.other_code`).
    """
    for step in reversed([step for step in steps if step.starts_over]):
        stage = step.stage
        with file_lock(stage.lock(layout)) as mine:
            sound = decide(stage, layout, False, code, thorough=True)[0] == DONE
            if mine and (step.reason == FORCED or not sound):
                folder = finished_folder(layout.runs, stage.key) or stage.folder(layout)
                if step.reason.startswith(OTHER_CODE):
                    put_aside(folder, layout)
                else:
                    remove(folder / "record.json")
                    remove(folder)


def put_aside(folder: Path, layout: Layout) -> None:
    """Moves a stage's folder to `Layout.other_code`, replacing what is there under its name."""
    aside = layout.other_code / folder.name
    if folder.exists():
        remove(aside)
        aside.parent.mkdir(parents=True, exist_ok=True)
        folder.replace(aside)


def clear_way(folder: Path) -> None:
    """Removes files and folders that block the place of a stage's folder or of a file in it."""
    if not folder.is_dir():
        remove(folder)
    for name in TELLING_FILES:
        make_way(folder / name)


def failure_reason(folder: Path, status: int) -> str:
    """The error that ends the stage's log, or how its process ended."""
    if status < 0:
        memory = " (out of memory?)" if status == -9 else ""
        return f"killed by signal {-status}{memory}"
    if status == NO_SPACE:
        return f"no space left on the disk of {folder}: {AGAIN}"
    return last_words(folder) or f"ended with status {status}"


def last_words(folder: Path) -> str:
    """The error of a failed stage: the first one of its processes, or the end of its log."""
    error = rank_errors.first(folder)
    return rank_errors.told(error) if error else last_line(folder / "log.txt")


def last_line(log: Path) -> str:
    """The last line of a log, "" if it is empty."""
    if not log.is_file():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return printable(lines[-1], LONGEST_LINE) if lines else ""


def share(stage: Stage, layout: Layout) -> str:
    """The progress of a stage in words, as "45 % (loss 2.3)"."""
    found = progress_of(stage.folder(layout))
    if not found:
        return ""
    numbers = ", ".join(f"{name} {value}" for name, value in found["numbers"].items())
    return f"{100 * found['done'] // found['total']} %" + (f" ({numbers})" if numbers else "")
