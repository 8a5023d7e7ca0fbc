"""Progress while stages run.

On a terminal: one line for each running stage, rewritten in place, and one for all. Elsewhere: one
line a minute.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import replace
from typing import TextIO

from experiments.engine.runner import Runner, share
from experiments.engine.schedule import chains
from experiments.stages.durations import Durations, human
from experiments.stages.json_files import Record
from experiments.stages.layout import Layout
from experiments.stages.progress import progress_of
from experiments.stages.stage import Stage
from experiments.terminal.messages import failure_line

LIVE_EVERY, PLAIN_EVERY = 0.5, 60.0  # seconds
BAR = 16  # characters


class LiveLine:
    """Called by the runner; rewrites its lines on a terminal, or prints a line now and then."""

    def __init__(self, total: int, durations: Durations, stream: TextIO | None = None) -> None:
        self.total, self.durations = total, durations
        self.stream = stream or sys.stdout
        self.live = self.stream.isatty()
        self.next = 0.0
        self.shown = 0  # lines on the terminal that the next ones replace
        self.known: set[str] = set()
        self.done = self.failed = 0  # of the runner's, how many were told
        self.took = self.expected = 0.0  # seconds of what has finished
        self.values: dict[str, list[float]] = {}  # AP of each run's evaluations so far

    def __call__(self, runner: Runner) -> None:
        self.events(runner)
        now = time.monotonic()
        if now < self.next or not (runner.running or runner.elsewhere):
            return
        self.next = now + (LIVE_EVERY if self.live else PLAIN_EVERY)
        if self.live:
            width = shutil.get_terminal_size().columns - 1
            self.rewrite(self.lines(runner, width))
        else:
            self.stream.write(self.line(runner) + "\n")
        self.stream.flush()

    def rewrite(self, lines: list[str]) -> None:
        """Replaces the lines on the terminal by these."""
        up = f"\033[{self.shown}F" if self.shown else "\r"
        self.stream.write(f"{up}\033[J" + "".join(f"{line}\n" for line in lines))
        self.shown = len(lines)

    def events(self, runner: Runner) -> None:
        """A line for every stage that started, finished or failed since the last call."""
        for stage in runner.done[self.done :]:
            record = stage.record(runner.layout) or {}
            self.print(ended(stage, record, runner.layout))
            if (ap := found_ap(record)) is not None:
                self.values.setdefault(str(stage.run), []).append(ap)
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
        if self.live:
            self.rewrite([])
        self.stream.write(f"{time.strftime('%H:%M:%S')} {line}\n")
        self.stream.flush()

    @property
    def pace(self) -> float:
        """Duration of stages on this machine divided by the expected one."""
        return self.took / self.expected if self.expected else 1.0

    def line(self, runner: Runner) -> str:
        """All running stages in one line."""
        running = [active(stage, runner) for stage, _, _ in runner.running.values()]
        running += [f"{stage.label} (elsewhere)" for stage in runner.elsewhere.values()]
        return f"{self.overall(runner)} | {' | '.join(running)}"

    def overall(self, runner: Runner) -> str:
        """As "[3/12] about 20 min left"."""
        eta = human(remaining(runner, self.durations, self.pace))
        return f"[{len(runner.done)}/{self.total}] about {eta} left"

    def lines(self, runner: Runner, width: int) -> list[str]:
        """A line for each running stage, then one for all, none wider than the terminal."""
        found = [self.of_stage(stage, runner, width) for stage, _, _ in runner.running.values()]
        found += [f"{stage.label} (elsewhere)"[:width] for stage in runner.elsewhere.values()]
        return [*found, self.overall(runner)[:width]]

    def of_stage(self, stage: Stage, runner: Runner, width: int) -> str:
        """As "######----------  41 %    3 min left  train masktrack-r50 seed 1 (loss 2.3) AP 24.4".

        What may be cut off stands last.
        """
        told = progress_of(stage.folder(runner.layout))
        part = told["done"] / told["total"] if told else 0.0
        eta = f"{human(told['eta'])} left" if told.get("eta") else ""
        bar = "#" * int(BAR * part) + "-" * (BAR - int(BAR * part))
        numbers = ", ".join(f"{k} {v}" for k, v in told.get("numbers", {}).items())
        told_of = f" ({numbers})" if numbers else ""
        line = f"{bar} {100 * part:3.0f} % {eta:>13}  {stage.label}{told_of}{self.so_far(stage)}"
        return line[:width]

    def so_far(self, stage: Stage) -> str:
        """AP of the run's other seeds, as " AP 24.4 (2 seeds)"."""
        values = self.values.get(str(stage.run), [])
        seeds = f" ({len(values)} seeds)" if len(values) > 1 else ""
        return f" AP {sum(values) / len(values):.1f}{seeds}" if values else ""


def found_ap(record: Record) -> float | None:
    """AP of an evaluation's record; None for other stages."""
    value = (record.get("metrics") or {}).get("AP")
    return float(value) if isinstance(value, int | float) else None


def ended(stage: Stage, record: Record, layout: Layout) -> str:
    """As "finished  evaluate blendmask-r50 seed 0 in 3 min: AP 22.6", or which weights were taken
    for it."""
    if "shipped" in record:
        # weights ship with the stage's own profile, from which another one may only start
        path = replace(layout, profile=stage.profile).weights / record["shipped"]["file"]
        return f"shipped   {stage.label}: {layout.shown(path)}"
    took = record.get("seconds")
    ap = found_ap(record)
    value = "" if ap is None else f": AP {ap:.1f}"
    return f"finished  {stage.label}" + (f" in {human(took)}" if took else "") + value


def active(stage: Stage, runner: Runner) -> str:
    """A running stage, as "train blendmask-r50 seed 0 45 % (loss 2.3)"."""
    return f"{stage.label} {share(stage, runner.layout)}".rstrip()


def remaining(runner: Runner, durations: Durations, pace: float) -> float:
    """Seconds until everything is finished: the remaining work divided by the processes, or the
    longest chain, whichever is more.

    pace: factor for the expected durations.
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
