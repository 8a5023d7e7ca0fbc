"""Runs the stages of a plan, several at a time, and goes on past failures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .disk import AGAIN, NO_SPACE
from .files import read_json, write_json
from .launch.forked import Forked
from .launch.local import Worker, stop
from .layout import Layout
from .lock import file_lock, is_locked
from .plan import DONE, SHIPPED, Step
from .schedule import Schedule
from .shipped import unpack
from .stage import Stage, finished_folder
from .worker import BUSY

PAUSE = 0.1  # seconds between looks at the workers


@dataclass(frozen=True)
class Failure:
    stage: Stage
    reason: str
    log: Path | None = None


class Runner:
    """Works through steps.

    start(folder) starts a stage's worker; watch(runner) is called at every look; finished(stage)
    after each stage.
    """

    def __init__(
        self,
        steps: list[Step],
        layout: Layout,
        *,
        start: Callable[[Path], Worker | Forked],
        schedule: Schedule,
        watch: Callable[[Runner], None] = lambda runner: None,
        finished: Callable[[Stage], None] = lambda stage: None,
    ) -> None:
        self.layout, self.start, self.schedule = layout, start, schedule
        self.watch, self.finished = watch, finished
        self.waiting = {s.stage.key: s.stage for s in steps if s.action != DONE}
        self.ships = {s.stage.key for s in steps if s.action == SHIPPED}
        self.running: dict[str, tuple[Stage, Worker | Forked, float]] = {}
        self.elsewhere: dict[str, Stage] = {}
        self.done: list[Stage] = []
        self.failures: list[Failure] = []
        clear_forced([s.stage for s in steps if s.reason == "forced"], layout)

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
        """Takes in the workers that ended."""
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
        """Stages that another suite is running: done, still going, or given up."""
        for key, stage in list(self.elsewhere.items()):
            if is_locked(stage.lock(self.layout)):
                continue
            del self.elsewhere[key]
            if stage.record(self.layout):
                self.finish(stage)
            else:
                self.waiting[key] = stage

    def launch(self) -> None:
        """Starts what is ready while there is room."""
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
        elif not describe(stage, self.layout):
            self.elsewhere[stage.key] = stage
        else:
            worker = self.start(stage.folder(self.layout))
            self.running[stage.key] = (stage, worker, time.monotonic())

    def finish(self, stage: Stage) -> None:
        self.done.append(stage)
        self.finished(stage)

    def fail(self, stage: Stage, reason: str) -> None:
        """Notes the failure and takes out everything that needs the stage."""
        self.failures.append(Failure(stage, reason, stage.folder(self.layout) / "log.txt"))
        lost = {stage.key}
        for key in [key for key in self.waiting if needs(self.waiting[key], lost)]:
            blocked = self.waiting.pop(key)
            self.failures.append(Failure(blocked, f"needs {stage.label}, which failed"))


def needs(stage: Stage, lost: set[str]) -> bool:
    return any(s.key in lost or needs(s, lost) for s in stage.inputs.values())


def describe(stage: Stage, layout: Layout) -> bool:
    """Writes stage.json for the worker; False if another suite is running the stage.

    Whoever writes it holds the stage's lock, so drafts that lie there are of killed runners.
    """
    folder = stage.folder(layout)
    with file_lock(stage.lock(layout)) as mine:
        if mine:
            for draft in folder.glob(".stage.json.*.tmp"):
                draft.unlink()
            write_json(folder / "stage.json", stage.request())
    return mine


def clear_forced(stages: list[Stage], layout: Layout) -> None:
    """Forgets forced stages, last ones first, unless another suite is running them."""
    for stage in reversed(stages):
        with file_lock(stage.lock(layout)) as mine:
            if mine:
                folder = finished_folder(layout.runs, stage.key) or stage.folder(layout)
                (folder / "record.json").unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)


def failure_reason(folder: Path, status: int) -> str:
    """The error message that ends the stage's log, or how the process died."""
    if status < 0:
        memory = " (out of memory?)" if status == -9 else ""
        return f"killed by signal {-status}{memory}"
    if status == NO_SPACE:
        return f"no space left on the disk of {folder}: {AGAIN}"
    return last_line(folder / "log.txt") or f"ended with status {status}"


def last_line(log: Path) -> str:
    """The end of a log, empty if there is none."""
    lines = (
        log.read_text(errors="replace", encoding="utf-8").strip().splitlines()
        if log.is_file()
        else []
    )
    return lines[-1][:300] if lines else ""


def progress_of(stage: Stage, layout: Layout) -> dict:
    """The progress a running stage last told, or {}."""
    return read_json(stage.folder(layout) / "progress.json") or {}


def share(stage: Stage, layout: Layout) -> str:
    """How far a stage got, as "45 % (loss 2.3)"."""
    found = progress_of(stage, layout)
    if not found.get("total"):
        return ""
    numbers = ", ".join(f"{name} {value}" for name, value in found.get("numbers", {}).items())
    return f"{100 * found['done'] // found['total']} %" + (f" ({numbers})" if numbers else "")
