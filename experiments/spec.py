"""From manifests to stages: a stage's spec holds what matters for its result, nothing else."""

from __future__ import annotations

import json
from typing import Any

from .files import canonical
from .manifest import Manifests
from .stage import PRETRAINING, Stage

Spec = dict[str, Any]
NEEDS_FLOW = ("flow-warp",)  # temporal modules with a FlowNetS that is pretrained


class Graph:
    """The stages of a profile.

    profile: a checked profile manifest; runs: the declarations of runs.yaml.
    """

    def __init__(self, runs: dict[str, Spec], profile: Spec) -> None:
        self.runs, self.profile, self.name = runs, profile, str(profile["profile"])

    def videos(self) -> Stage:
        """Training and validation videos."""
        data = self.profile["data"]
        if "videos" not in data:
            names = ("dataset", "holdout_videos", "official_val", "generated")
            names += ("limit_videos", "limit_frames")
            return self._stage("videos", "", {name: data[name] for name in names if name in data})
        return self._stage("videos", "", {"seed": data["seed"], "splits": data["videos"]})

    def images(self) -> Stage:
        """Single images for pretraining."""
        data = self.profile["data"]
        return self._stage(
            "images", "", {"seed": data["seed"], "splits": {"images": data["images"]}}
        )

    def pretrain(self, run: str) -> Stage:
        """The image model of a run, shared by all runs with its head and backbone."""
        head, backbone = self.runs[run]["head"], self.runs[run]["backbone"]
        name = f"{head}-{backbone}"
        # Neither the tracking head nor the budget takes part, so changing them keeps the weights.
        model = self._model(run) | {"temporal": None, "track": {}, "budget_weight": 0.0}
        if "pretrained" in self.profile["data"]:
            weights = self.profile["data"]["pretrained"][name]
            spec = {"model": model, "weights": weights} | ({} if weights else {"seed": 0})
            return self._stage("pretrain", name, spec, {"videos": self.videos()})
        settings, inputs = dict(self.profile["pretrain"]), {"images": self.images()}
        continued = settings.pop("continued", {}).get(name)
        if continued is not None:
            settings["iterations"] = continued["iterations"]
            inputs["start"] = self.pretrain(continued["run"])
        elif isinstance(settings["iterations"], dict):
            settings["iterations"] = settings["iterations"][backbone]
        spec = {"seed": settings.pop("seed"), "model": model, "train": settings}
        return self._stage("pretrain", name, spec, inputs)

    def pretrain_flow(self, network: Spec) -> Stage:
        """The flow network of optical-flow warp; network: its options."""
        if "pretrained" in self.profile["data"]:
            spec = {"network": network, "weights": self.profile["data"]["pretrained"]["flownets"]}
            return self._stage("pretrain-flow", "flownets", spec)
        settings = dict(self.profile["pretrain-flow"])
        pairs = {name: settings.pop(name) for name in ("videos", "pairs")}
        pairs["reach"] = self.profile["train"].get("reference_range", 3)
        seed = settings.pop("seed")
        spec = {"seed": seed, "network": network, "pairs": pairs, "train": settings}
        return self._stage("pretrain-flow", "flownets", spec, {"videos": self.videos()})

    def pretraining(self) -> list[Stage]:
        """All that the runs start from, each once: image models and flow networks."""
        inputs = [stage for run in self.runs for stage in self.train(run, 0).inputs.values()]
        return list({stage.key: stage for stage in inputs if stage.kind in PRETRAINING}.values())

    def train(self, run: str, seed: int) -> Stage:
        spec = {"model": self._model(run), "train": self.profile["train"], "seed": seed}
        inputs = {"videos": self.videos(), "pretrain": self.pretrain(run)}
        temporal = spec["model"]["temporal"]
        if temporal and temporal["name"] in NEEDS_FLOW:
            inputs["flow"] = self.pretrain_flow(temporal["warp"])
        return self._stage("train", f"{run}-seed{seed}", spec, inputs, run, seed)

    def evaluate(self, run: str, seed: int) -> Stage:
        infer = {k: v for k, v in self.profile["infer"].items() if k != "heads"}
        changes = self.profile["infer"].get("heads", {}).get(self.runs[run]["head"], {})
        infer["detections"] = infer["detections"] | changes
        spec = {"infer": infer, "evaluation": self.profile["evaluation"]}
        spec["model"] = self._model(run)
        if self.profile["data"].get("official_val"):
            spec["evaluation"] = None  # no ground truth: the results are for the server
        inputs = {"videos": self.videos(), "train": self.train(run, seed)}
        return self._stage("evaluate", f"{run}-seed{seed}", spec, inputs, run, seed)

    def _model(self, run: str) -> Spec:
        """The spec that tpr.models.build reads. A head may change options of its backbone and of
        its tracking head."""
        declared, model = self.runs[run], self.profile["model"]
        head = dict(model["heads"][declared["head"]])
        backbone, track = head.pop("backbone", {}), head.pop("track", {})
        return {
            "backbone": model["backbones"][declared["backbone"]] | backbone,
            "channels": model["channels"],
            "head": {"name": declared["head"]} | head,
            "track": model["track"] | track,
            "temporal": temporal_spec(declared["temporal"], model["temporal"]),
            "pixel_std": model["pixel_std"],
            "budget_weight": declared.get("budget_weight", model["budget_weight"]),
        }

    def _stage(
        self,
        kind: str,
        name: str,
        spec: Spec,
        inputs: dict[str, Stage] | None = None,
        run: str | None = None,
        seed: int | None = None,
    ) -> Stage:
        plain = json.loads(canonical(spec))
        run = None if run is None else str(run)
        return Stage(kind, name, self.name, plain, inputs or {}, run, seed)


def with_official_val(profile: Spec) -> Spec:
    """The profile trained on the whole training set, to predict the official validation set."""
    data = profile["data"]
    if "dataset" not in data:
        raise ValueError(f"profile {profile['profile']} has generated data, no official videos")
    data = {k: v for k, v in data.items() if k != "holdout_videos"} | {"official_val": True}
    return profile | {"data": data}


def temporal_spec(declared: Spec | None, modules: dict[str, Spec]) -> Spec | None:
    """A run's temporal module with the profile's options; parts left out become None.

    A part is what the profile gives options for, as a mapping; other values are plain options. A
    module whose name has a dot is a user's class, of whose options the profile knows nothing.
    """
    if declared is None:
        return None
    module = declared["module"]
    if "." in module:
        return {"name": module} | {k: v for k, v in declared.items() if k != "module"}
    out: Spec = {"name": module}
    for part, options in modules[module].items():
        if not isinstance(options, dict):
            out[part] = declared.get(part, options)
            continue
        choice = declared.get(part, False)
        out[part] = None if choice is False else options | ({} if choice is True else choice)
    return out


def goal_stages(graph: Graph, manifests: Manifests, targets: list[str], seeds: list[int]) -> list:
    """What the targets ask for: evaluations, or all that is pretrained for "pretrain"."""
    goals: list[Stage] = []
    if "pretrain" in targets:
        goals += graph.pretraining()
    for run in manifests.target_runs([t for t in targets if t != "pretrain"]):
        goals += [graph.evaluate(run, seed) for seed in seeds]
    return goals
