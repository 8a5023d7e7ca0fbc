"""In which order stages start, and how long a plan takes in that order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping

from experiments.engine.plan import DONE, SHIPPED, Step
from experiments.stages.durations import Durations
from experiments.stages.stage import Stage

SHIP_SECONDS = 0.1
SIMULATED = 400  # most steps that are simulated, as the time for it grows with their square


class Schedule:
    """The order in which stages start: that of the plan, which completes the tables run by run, but
    a chain of stages that would outlast the rest of the work goes first.

    steps: inputs before what needs them; workers: how many stages run at the same time.
    """

    def __init__(self, steps: list[Step], durations: Durations, workers: int) -> None:
        self.workers = workers
        self.seconds = {step.stage.key: step_seconds(step, durations) for step in steps}
        self.place = {step.stage.key: place for place, step in enumerate(steps)}
        self.chain = chains([step.stage for step in steps], self.seconds)

    def pick(self, waiting: Mapping[str, Stage], started: Iterable[str]) -> str | None:
        """The key of the waiting stage (by key) that starts next.

        None if each needs a stage that is waiting too, or one that has started (keys) and not
        ended.
        """
        pending = waiting.keys() | set(started)
        ready = [
            key
            for key, stage in waiting.items()
            if pending.isdisjoint(s.key for s in stage.inputs.values())
        ]
        if not ready:
            return None
        first = min(ready, key=self.place.__getitem__)
        longest = max(ready, key=self.chain.__getitem__)
        others = sum(self.seconds[key] for key in waiting) - self.seconds[first]
        return longest if self.chain[longest] * self.workers > others else first


def step_seconds(step: Step, durations: Durations) -> float:
    """The time in seconds that a stage is expected to take; 0 where it is done already."""
    if step.action == DONE:
        return 0.0
    return SHIP_SECONDS if step.action == SHIPPED else durations(step.stage)


def chains(stages: list[Stage], cost: dict[str, float]) -> dict[str, float]:
    """By key, the seconds of the longest chain of stages that starts there; `stages`: inputs come
    first."""
    after: dict[str, float] = {}
    chain: dict[str, float] = {}
    for stage in reversed(stages):
        chain[stage.key] = cost[stage.key] + after.get(stage.key, 0.0)
        for needed in stage.inputs.values():
            after[needed.key] = max(after.get(needed.key, 0.0), chain[stage.key])
    return chain


def timetable(steps: list[Step], durations: Durations, workers: int) -> list[tuple[float, Stage]]:
    """Stages in the order in which `Schedule` starts them, each with its end in seconds from the
    start."""
    schedule = Schedule(steps, durations, workers)
    waiting = {step.stage.key: step.stage for step in steps if step.action != DONE}
    running: list[tuple[float, str]] = []  # a heap of ends and keys
    started: list[tuple[float, Stage]] = []
    now = 0.0
    while waiting or running:
        while len(running) < workers and (key := schedule.pick(waiting, [k for _, k in running])):
            end = now + schedule.seconds[key]
            started.append((end, waiting.pop(key)))
            heapq.heappush(running, (end, key))
        now, _ = heapq.heappop(running)
    return started


def total_seconds(steps: list[Step], durations: Durations, workers: int) -> float:
    """Wall time in seconds of all steps, started by `Schedule`; for very many steps a lower
    bound."""
    if len(steps) > SIMULATED:
        cost = {step.stage.key: step_seconds(step, durations) for step in steps}
        longest = max(chains([step.stage for step in steps], cost).values())
        return max(sum(cost.values()) / workers, longest)
    return max((end for end, _ in timetable(steps, durations, workers)), default=0.0)
