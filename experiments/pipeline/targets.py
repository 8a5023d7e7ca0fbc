"""From the targets of a call to the stages and runs that they ask for."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.declared.doses import TARGETS as DOSE_TARGETS
from experiments.declared.manifests import Manifests
from experiments.declared.scale import TARGETS as SCALE_TARGETS
from experiments.declared.tracked_pairs import TrackedPair, tracked_runs
from experiments.pipeline.graph import Graph
from experiments.stages.stage import Stage

OFFSET_FIT, TRACKERS = "offset-fit", "trackers"  # targets that are no runs
FITTED_RUN = "blendmask-r50"  # on whose image model's features offsets are fitted


def goal_stages(
    graph: Graph, manifests: Manifests, targets: Sequence[str], seeds: Sequence[int]
) -> list[Stage]:
    """The stages that the targets ask for: evaluations; all pretraining for "pretrain"; the fit of
    offsets for "offset-fit"; every tracker on the compared runs for "trackers".

    Runs that the profile cannot have are left out, see `left_out`.
    """
    goals: list[Stage] = []
    if "pretrain" in targets:
        goals += graph.pretraining(asked_runs(graph, manifests, ["all"]))
    if OFFSET_FIT in targets:
        goals.append(graph.offset_fit(FITTED_RUN))
    if TRACKERS in targets:
        compared = tracked_runs(_tracked(graph, manifests)[0])
        videos = manifests.tracked.videos.get(graph.profile.name)
        goals += [graph.associate(run, seed, videos) for run in compared for seed in seeds]
    for run in asked_runs(graph, manifests, targets):
        if not graph.left_out(run):
            goals += [graph.evaluate(run, seed) for seed in seeds]
    return goals


def asked_runs(graph: Graph, manifests: Manifests, targets: Sequence[str]) -> list[str]:
    """Runs of the targets, "all" among them, each once."""
    # targets that name no runs
    apart = ("pretrain", OFFSET_FIT, TRACKERS, *DOSE_TARGETS, *SCALE_TARGETS)
    everything = manifests.everything(graph.profile)
    asked = [everything if target == "all" else [target] for target in targets]
    return manifests.target_runs([one for some in asked for one in some if one not in apart])


def left_out(graph: Graph, manifests: Manifests, targets: Sequence[str]) -> list[str]:
    """A line for each run of the targets that the profile cannot have, and for each pair that is
    compared with trackers and that it does not have."""
    reasons = {run: graph.left_out(run) for run in asked_runs(graph, manifests, targets)}
    lines = [f"{run} is left out: {why}" for run, why in reasons.items() if why]
    if TRACKERS in targets:
        for pair in _tracked(graph, manifests)[1]:
            told = f"{pair.better} and {pair.than} are left out of {TRACKERS}"
            lines.append(f"{told}: not both are runs of profile {graph.profile.name}")
    return lines


def _tracked(graph: Graph, manifests: Manifests) -> tuple[list[TrackedPair], list[TrackedPair]]:
    """The pairs that are compared with trackers: those whose runs both stand in the profile's
    tables, and the others."""
    runs = set(manifests.target_runs(manifests.everything(graph.profile)))
    kept = [pair for pair in manifests.tracked.pairs if {pair.better, pair.than} <= runs]
    return kept, [pair for pair in manifests.tracked.pairs if pair not in kept]
