"""From manifests to stages: a stage's spec holds the settings that its result depends on, nothing
else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from experiments.declared.profiles import Profile
from experiments.declared.runs import Run, Temporal
from experiments.declared.training_settings import ChosenData
from experiments.stages.json_files import canonical
from experiments.stages.key import Spec
from experiments.stages.stage import PRETRAINING, Stage

LIMITS = ("limit_videos", "limit_frames")  # of a trial
NEEDS_FLOW = ("flow-warp",)  # temporal modules with a FlowNetS that is pretrained


class Graph:
    """The stages of a profile.

    runs: the declared ones by name; base: the graph whose image models those of a user's data
    start from.
    """

    def __init__(self, runs: Mapping[str, Run], profile: Profile) -> None:
        self.runs, self.profile = runs, profile
        self.base = Graph(runs, profile.base) if profile.base else None

    def videos(self) -> Stage:
        """Training and validation videos."""
        data: Spec = dict(self.profile.data)
        if "own" in data:
            return self._own_stage("videos", ("train", "val"), "held_out", *LIMITS)
        if "videos" not in data:
            names = ("dataset", "holdout_videos", "official_val", "generated")
            names += LIMITS
            return self._stage("videos", "", {name: data[name] for name in names if name in data})
        return self._stage("videos", "", {"seed": data["seed"], "splits": data["videos"]})

    def images(self) -> Stage:
        """Single images for pretraining."""
        data: Spec = dict(self.profile.data)
        if "own" in data:
            return self._own_stage("images", ("images",), *LIMITS)
        return self._stage(
            "images", "", {"seed": data["seed"], "splits": {"images": data["images"]}}
        )

    def pretrain(self, run: str) -> Stage:
        """The image model of a run, shared by all runs with its head and backbone."""
        name, backbone = self.runs[run].image_model, self.runs[run].backbone
        # Neither the tracking head nor the budget takes part, so changing them keeps the weights.
        model = self._model(run) | {"temporal": None, "track": {}, "budget_weight": 0.0}
        if "pretrained" in self.profile.data:
            weights = self.profile.data["pretrained"][name]
            spec: Spec = {"model": model, "weights": weights} | ({} if weights else {"seed": 0})
            if self.base and weights:
                spec |= {"new_classes": True, "seed": 0}
            return self._stage("pretrain", name, spec, {"videos": self.videos()})
        settings, inputs = self._settings("pretrain"), self._images()
        if self.base:
            inputs["start"] = self.base.pretrain(run)
        continued = settings.pop("continued", {}).get(name)
        if continued is not None:
            settings["iterations"] = continued["iterations"]
            inputs["start"] = self.pretrain(continued["run"])
        elif isinstance(settings["iterations"], dict):
            settings["iterations"] = settings["iterations"][backbone]
        if "own" in self.profile.data:  # told from what it starts from
            name += f"@{self.profile.data['own']}"
        spec = {"seed": settings.pop("seed"), "model": model, "train": settings}
        return self._stage("pretrain", name, spec, inputs)

    def pretrain_flow(self, network: Spec) -> Stage:
        """The flow network of optical-flow warp; network: its options."""
        if "pretrained" in self.profile.data:
            weights = self.profile.data["pretrained"]["flownets"]
            spec: Spec = {"network": network, "weights": weights}
            return self._stage("pretrain-flow", "flownets", spec)
        if self.base:
            return self.base.pretrain_flow(network)  # a user's videos have no exact flow
        settings = self._settings("pretrain-flow")
        pairs = {name: settings.pop(name) for name in ("videos", "pairs")}
        pairs["reach"] = self.profile.train.get("reference_range", 3)
        seed = settings.pop("seed")
        spec = {"seed": seed, "network": network, "pairs": pairs, "train": settings}
        return self._stage("pretrain-flow", "flownets", spec, {"videos": self.videos()})

    def offset_fit(self, run: str) -> Stage:
        """Offset heads fitted to the exact flow, on the features of a run's image model."""
        settings = self._settings("offset-fit")
        spec: Spec = {name: settings.pop(name) for name in ("seed", "videos", "held_out")}
        spec["model"] = self._model(run) | {"temporal": None, "track": {}, "budget_weight": 0.0}
        matched: Spec = dict(self.profile.model["temporal"].get("matched", {}).get("dacr", {}))
        spec["matching"] = {"radius": matched.get("radius", 4), "width": matched.get("width", 64)}
        spec["size"] = {name: self.profile.infer.get(name) for name in ("short_edge", "longest")}
        inputs = {"videos": self.videos(), "pretrain": self.pretrain(run)}
        name = self.runs[run].image_model
        return self._stage("offset-fit", name, spec | {"train": settings}, inputs)

    def pretraining(self, runs: Sequence[str] | None = None) -> list[Stage]:
        """All stages that pretrain image models and flow networks for the runs (None: for every
        one), each once."""
        asked = self.runs if runs is None else runs
        possible = [run for run in asked if not self.left_out(run)]
        inputs = [stage for run in possible for stage in self.train(run, 0).inputs.values()]
        return list({stage.key: stage for stage in inputs if stage.kind in PRETRAINING}.values())

    def train(self, run: str, seed: int) -> Stage:
        settings = self.profile.train | self._reference(run)
        spec: Spec = {"model": self._model(run), "train": settings, "seed": seed}
        inputs = {"videos": self.videos(), "pretrain": self.pretrain(run)}
        temporal = spec["model"]["temporal"]
        if temporal and temporal["name"] in NEEDS_FLOW:
            inputs["flow"] = self.pretrain_flow(temporal["warp"])
        if self.runs[run].pretrained_offsets and not self.left_out(run):
            inputs["offsets"] = self.offset_fit(run)
        return self._stage("train", f"{run}-seed{seed}", spec, inputs, run, seed)

    def evaluate(self, run: str, seed: int) -> Stage:
        infer: Spec = {k: v for k, v in self.profile.infer.items() if k != "heads"}
        changes = self.profile.infer.get("heads", {}).get(self.runs[run].head, {})
        infer["detections"] = infer["detections"] | changes
        infer |= self._reference(run)
        spec: Spec = {"infer": infer, "evaluation": self.profile.evaluation}
        spec["model"] = self._model(run)
        if "official_val" in self.profile.data:
            spec["evaluation"] = None  # no ground truth: the results are for the server
        inputs = {"videos": self.videos(), "train": self.train(run, seed)}
        return self._stage("evaluate", f"{run}-seed{seed}", spec, inputs, run, seed)

    def associate(self, run: str, seed: int, videos: int | None = None) -> Stage:
        """Every tracker on the detections that the evaluation tracks, in the first `videos`."""
        like = self.evaluate(run, seed)
        if like.spec["evaluation"] is None:
            raise ValueError(
                "trackers are compared by ground truth, which the official validation set has not: "
                "leave out --official-val"
            )
        spec = like.spec | ({} if videos is None else {"videos": videos})
        return self._stage("associate", like.name, spec, like.inputs, run, seed)

    def left_out(self, run: str) -> str:
        """Why the profile cannot have the run, in a few words; "" if it can."""
        generated = "videos" in self.profile.data
        needs_flow = self.runs[run].needs_exact_flow
        return "recorded data have no exact flow" if needs_flow and not generated else ""

    def _images(self) -> dict[str, Stage]:
        """What image models are trained on: single images, frames of videos where a user has no
        such images."""
        data: Spec = dict(self.profile.data)
        if "own" in data and "images" not in data["sums"]:
            return {"videos": self.videos()}
        return {"images": self.images()}

    def _own_stage(self, kind: str, splits: Sequence[str], *names: str) -> Stage:
        """Of a user's data, with the settings that matter for these splits."""
        data: Spec = dict(self.profile.data)
        spec: Spec = {name: data[name] for name in ("own", "categories", *names) if name in data}
        for name in {"sums", "id_maps"} & data.keys():
            spec[name] = {split: data[name][split] for split in splits if split in data[name]}
        return self._stage(kind, "", spec)

    def _reference(self, run: str) -> Spec:
        """The setting of a control's reference, as an entry of a spec; {} for other runs, whose
        keys stay without it."""
        reference = self.runs[run].reference
        return {} if reference is None else {"reference": reference}

    def _model(self, run: str) -> Spec:
        """The spec that tpr.models.build reads. A head may change options of its backbone and of
        its tracking head."""
        declared = self.runs[run]
        model: Spec = dict(self.profile.model)
        head: Spec = dict(model["heads"][declared.head])
        backbone, track = head.pop("backbone", {}), head.pop("track", {})
        weight = declared.budget_weight
        return {
            "backbone": model["backbones"][declared.backbone] | backbone,
            "channels": model["channels"],
            "head": {"name": declared.head} | head,
            "track": model["track"] | track,
            "temporal": temporal_spec(declared.temporal, model["temporal"]),
            "pixel_std": model["pixel_std"],
            "budget_weight": model["budget_weight"] if weight is None else weight,
        }

    def _settings(self, kind: str) -> Spec:
        """The profile's settings of a pretraining or a fit. Raises ValueError if it has none."""
        profile = self.profile
        kinds = {
            "pretrain": profile.pretrain,
            "pretrain-flow": profile.pretrain_flow,
            "offset-fit": profile.offset_fit,
        }
        found = kinds[kind]
        if found is None:
            raise ValueError(f"profile {profile.name} lacks the key {kind!r}")
        return dict(found)

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
        return Stage(kind, name, self.profile.name, plain, inputs or {}, run, seed)


def with_official_val(profile: Profile) -> Profile:
    """The profile trained on the whole training set, to predict the official validation set."""
    if "own" in profile.data:
        raise ValueError("own data have no official videos: leave out --official-val")
    if "dataset" not in profile.data:
        raise ValueError(f"profile {profile.name} has generated data, no official videos")
    data = cast(ChosenData, profile.data.copy())
    data["official_val"] = True
    data.pop("holdout_videos", None)
    return replace(profile, data=data)


def temporal_spec(declared: Temporal | None, modules: Mapping[str, Spec]) -> Spec | None:
    """A run's temporal module with the profile's options; parts left out become None.

    Options that the profile gives as a mapping are parts; other values are plain options. For a
    user's class, and for a baseline that the profile does not mention, the run's own options are
    the whole spec.
    """
    if declared is None:
        return None
    out: Spec = {"name": declared.module}
    if declared.is_class or declared.module not in modules:
        return out | declared.parts
    for part, options in modules[declared.module].items():
        if not isinstance(options, dict):
            out[part] = declared.parts.get(part, options)
            continue
        choice = declared.parts.get(part, False)
        changes = choice if isinstance(choice, dict) else {}
        out[part] = None if choice is False else options | changes
    return out
