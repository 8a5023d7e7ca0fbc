"""One live line about a running suite: what runs, how far it is, when everything ends."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from experiments.engine.runner import Runner, share
from experiments.engine.schedule import chains
from experiments.stages.durations import Durations, human
from experiments.stages.json_files import Record
from experiments.stages.layout import Layout
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage
from experiments.terminal.messages import failure_line

LIVE_EVERY, PLAIN_EVERY = 0.5, 15.0  # seconds


class Status:
    """Called by the runner; rewrites one line of a terminal, or prints a line now and then."""

    def __init__(self, total: int, durations: Durations, stream: TextIO | None = None) -> None:
        self.total, self.durations = total, durations
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.next = 0.0
        self.known: set[str] = set()
        self.done = self.failed = 0  # of the runner's, how many were told
        self.took = self.expected = 0.0  # seconds of what has finished

    def __call__(self, runner: Runner) -> None:
        self.events(runner)
        now = time.monotonic()
        if now < self.next or not (runner.running or runner.elsewhere):
            return
        self.next = now + (LIVE_EVERY if self.live else PLAIN_EVERY)
        line = self.line(runner)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(f"\r\033[K{line[:width]}")
        else:
            self.stream.write(line + "\n")
        self.stream.flush()

    def events(self, runner: Runner) -> None:
        """A line for every stage that started, finished or failed since the last call."""
        for stage in runner.done[self.done :]:
            record = stage.record(runner.layout) or {}
            self.print(ended(stage, record, runner.layout))
            if "seconds" in record and "shipped" not in record:
                self.took += record["seconds"]
                self.expected += self.durations(stage)
        self.done = len(runner.done)
        for stage, _, _ in list(runner.running.values()):
            self.once(f"started   {stage.label}", stage)
        for stage in list(runner.elsewhere.values()):
            self.once(f"elsewhere {stage.label}: another suite is running it", stage)
        for failure in runner.failures[self.failed :]:
            self.print(failure_line(failure, runner.layout))
        self.failed = len(runner.failures)

    def once(self, line: str, stage: Stage) -> None:
        event = line[:10] + stage.key
        if event not in self.known:
            self.known.add(event)
            self.print(line)

    def print(self, line: str) -> None:
        clear = "\r\033[K" if self.live else ""
        self.stream.write(f"{clear}{time.strftime('%H:%M:%S')} {line}\n")
        self.stream.flush()

    @property
    def pace(self) -> float:
        """Time that stages take here over the time that was expected."""
        return self.took / self.expected if self.expected else 1.0

    def line(self, runner: Runner) -> str:
        running = [active(stage, runner) for stage, _, _ in runner.running.values()]
        running += [f"{stage.label} (elsewhere)" for stage in runner.elsewhere.values()]
        eta = human(remaining(runner, self.durations, self.pace))
        return f"[{len(runner.done)}/{self.total}] {' | '.join(running)} | about {eta} left"


def ended(stage: Stage, record: Record, layout: Layout) -> str:
    """As "finished  train blendmask-r50 seed 0 in 3 min", or which weights were taken for it."""
    if "shipped" in record:
        path = layout.weights / record["shipped"]["file"]
        return f"shipped   {stage.label}: {layout.shown(path)}"
    took = record.get("seconds")
    return f"finished  {stage.label}" + (f" in {human(took)}" if took else "")


def active(stage: Stage, runner: Runner) -> str:
    """A running stage, as "train blendmask-r50 seed 0 45 % (loss 2.3)"."""
    return f"{stage.label} {share(stage, runner.layout)}".rstrip()


def remaining(runner: Runner, durations: Durations, pace: float) -> float:
    """Seconds until everything is done: the work left over the processes, or the longest chain.

    pace: what the durations of stages are to be multiplied by.
    """
    cost = {key: pace * durations(stage) for key, stage in runner.waiting.items()}
    for key, (stage, _, begin) in runner.running.items():
        eta = progress_of(stage.folder(runner.layout)).get("eta")
        guess = max(pace * durations(stage) - (time.monotonic() - begin), 1.0)
        cost[key] = guess if eta is None else eta
    cost |= {key: pace * durations(stage) for key, stage in runner.elsewhere.items()}
    active_stages = [stage for stage, _, _ in runner.running.values()]
    stages = [*runner.elsewhere.values(), *active_stages, *runner.waiting.values()]
    longest = max(chains(stages, cost).values(), default=0.0)
    return max(sum(cost.values()) / runner.schedule.workers, longest)
