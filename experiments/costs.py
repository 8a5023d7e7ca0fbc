"""Costs of the full-size models: `./run_all.sh 1f` writes results/full/costs.json.

They need neither data nor training, so they are measured on the architecture of profile `full`
whatever profile is trained.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING

from experiments.declared.manifests import Manifests, check_runs
from experiments.engine.environment import now, packages
from experiments.pipeline.graph import Graph
from experiments.stages.json_files import Record, canonical, read_json, write_json
from experiments.stages.key import Spec
from experiments.stages.layout import ROOT, Layout
from tpr.devices.machine_record import git_state, hardware

if TYPE_CHECKING:
    from tpr.weights.conversion.public import PublicModel

PROFILE = "full"
CLASSES = 40  # YouTube-VIS 2019
VERSION = 1  # increased whenever tpr.cost counts differently


def requests(manifests: Manifests) -> dict[str, Spec]:
    """What is measured for each run: its model at full size, the frame's size, the number of
    detections."""
    profile = manifests.profile(PROFILE)
    check_runs(manifests, profile)
    graph = Graph(manifests.runs, profile)
    infer: Spec = dict(profile.infer)
    shared = {
        "version": VERSION,
        "classes": CLASSES,
        "size": [infer["short_edge"], infer["longest"]],
        "detections": infer["detections"]["top_after"],
    }
    free = {"budget_weight": 0.0}  # a loss weight does not change the computation
    models = {run: graph.train(run, 0).spec["model"] | free for run in manifests.runs}
    return {run: json.loads(canonical(shared | {"model": m})) for run, m in models.items()}


def key(request: Spec) -> str:
    """sha256 of everything that the cost depends on."""
    return hashlib.sha256(canonical(request).encode()).hexdigest()


def measure_all(manifests: Manifests, layout: Layout) -> None:
    """Measures every run anew, prints the costs and writes the file.

    Runs whose head has no cost function are named and left out.
    """
    from baselines.registry import BASELINES
    from tpr.cost.model import measure
    from tpr.models.build import build_model
    from tpr.weights.conversion.public import PUBLIC

    build = partial(build_model, temporal=BASELINES)
    started, git, runs = now(), git_state(ROOT), {}
    for run, request in requests(manifests).items():
        try:
            size, boxes = tuple(request["size"]), request["detections"]
            cost = measure(request["model"], request["classes"], size, boxes, build)
        except ValueError as error:
            print(f"{run}: {error}", flush=True)
            continue
        runs[run] = {"key": key(request), "model": request["model"], "cost": cost}
        print(f"{run}: {line(cost)}", flush=True)
    public = [compare(model) for model in PUBLIC]
    environment = {"started": started, "git": git, "packages": packages(), "hardware": hardware()}
    if git["dirty"]:
        print("note: measured from a changed tree: these costs do not ship", flush=True)
    write_json(layout.costs, {"profile": PROFILE, **environment, "runs": runs, "public": public})


def compare(model: PublicModel) -> Record:
    """The number of parameters of a public model beside that of ours."""
    from tpr.weights.conversion.public import own_parameters

    kept = {name: getattr(model, name) for name in ("name", "classes", "parameters", "note")}
    return kept | {"ours": own_parameters(model)}


def line(cost: Record) -> str:
    """One line for people: parameters and multiply-accumulates of a model."""
    from tpr.cost import conventions

    text = (
        f"{conventions.parameters(cost) / 1e6:.2f} M parameters, "
        f"{conventions.executed(cost, 0) / 1e9:.2f} G multiply-accumulates executed, "
        f"{conventions.published(cost, 0) / 1e9:.2f} G as published"
    )
    if cost["gated"]:
        text += f", and at most {conventions.gated(cost) / 1e9:.2f} G behind gates"
    if cost["unknown"]:
        text += f"; not counted: {', '.join(cost['unknown'])}"
    return text


def planned(manifests: Manifests, layout: Layout) -> str:
    """What `measure_all` would measure, in words, for --dry-run."""
    wanted, kept = requests(manifests), current(manifests, layout)[0]
    return (
        f"run     parameters and multiply-accumulates of {len(wanted)} full-size models, "
        f"{len(wanted) - len(kept)} of them not counted so far; then {layout.shown(layout.costs)}"
    )


def current(manifests: Manifests, layout: Layout) -> tuple[dict[str, Record], list[str]]:
    """Measured costs by run, and a line for each run whose costs are of other settings than
    today's."""
    kept = (read_json(layout.costs) or {}).get("runs", {})
    costs, problems = {}, []
    for run, request in requests(manifests).items():
        if run in kept and kept[run]["key"] == key(request):
            costs[run] = kept[run]["cost"]
        elif run in kept:
            problems.append(f"{run}: its cost is of other settings (./run_all.sh 1f)")
    return costs, problems
