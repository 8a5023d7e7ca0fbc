"""One call of the suite: its goals, the plan for them, and what is needed to run it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from experiments.declared.manifests import Manifests
from experiments.engine.environment import gpus
from experiments.engine.launch.forked import Forked
from experiments.engine.launch.local import Worker
from experiments.engine.plan import RUN, Step, make_plan
from experiments.engine.schedule import total_seconds
from experiments.engine.stage_code import StageCode
from experiments.pipeline.dosed import EVALUATE_DOSE, dose_stages
from experiments.pipeline.graph import Graph
from experiments.pipeline.scaled import scale_stages, scale_times
from experiments.pipeline.targets import OFFSET_FIT, goal_stages, left_out
from experiments.stages.durations import Durations
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from tpr.devices.machine_record import cores


class Suite:
    """stages: name of the module with the stages' bodies."""

    def __init__(
        self,
        options: argparse.Namespace,
        layout: Layout,
        manifests: Manifests,
        graph: Graph,
        stages: str,
    ) -> None:
        self.layout, self.manifests, self.profile = layout, manifests, graph.profile
        self.targets = options.targets or ["all"]
        self.seeds = options.seeds or self.profile.seeds
        self.goals = goal_stages(graph, manifests, self.targets, self.seeds)
        self.goals += dose_stages(graph, manifests.doses, self.targets, self.seeds)
        self.goals += scale_stages(graph, manifests.scales, self.targets, options.seeds or [])
        self.left_out = left_out(graph, manifests, self.targets)
        self.code = StageCode(stages)
        self.steps = make_plan(
            self.goals, layout, self.code, force=options.force, accept=options.accept_code
        )
        self.threads = min(self.profile.threads, cores())
        limit = options.workers or self.profile.workers
        self.processes = self.profile.processes or max(gpus(), 1)
        most = max(cores() // (self.threads * self.processes), 1)
        self.workers = min(limit or most, most)
        times = scale_times(graph, manifests.scales)
        self.durations = Durations(layout, self.profile.expected_seconds, times)

    @property
    def todo(self) -> list[Step]:
        return [step for step in self.steps if step.action == RUN]

    @property
    def seconds(self) -> float:
        return total_seconds(self.steps, self.durations, self.workers)

    def start(self, stages: str) -> Callable[[Path], Worker | Forked]:
        """Starts a stage's worker; forks it from a prepared process where no CUDA can be in use."""
        if self.processes == 1 and not gpus():
            return partial(Forked, stages=stages, threads=self.threads)
        return partial(Worker, stages=stages, threads=self.threads, processes=self.processes)

    @property
    def submissions(self) -> list[Stage]:
        """The evaluations whose ground truth is not public: they write files for an evaluation
        server."""
        return [s for s in self.goals if s.kind == "evaluate" and s.spec["evaluation"] is None]

    @property
    def offset_fits(self) -> list[Stage]:
        """The fits of offsets that are goals or inputs of goals."""
        return [step.stage for step in self.steps if step.stage.kind == OFFSET_FIT]

    @property
    def associations(self) -> list[Stage]:
        """Every tracker on the detections of a run."""
        return [stage for stage in self.goals if stage.kind == "associate"]

    @property
    def shown(self) -> bool:
        """Whether the page shows some of it."""
        return bool(self.results or self.associations)

    @property
    def evaluations(self) -> list[Stage]:
        """The evaluations with ground truth."""
        return [s for s in self.goals if s.kind == "evaluate" and s.spec["evaluation"] is not None]

    @property
    def results(self) -> list[Stage]:
        """Those that leave a record in results/."""
        return self.evaluations + [s for s in self.goals if s.kind == EVALUATE_DOSE]
