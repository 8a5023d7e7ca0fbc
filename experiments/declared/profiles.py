"""Profiles: data, sizes, schedules and test settings, which all runs share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import NoneType
from typing import NotRequired, TypedDict

from experiments.declared.extension import compose_extended
from experiments.declared.manifest_errors import ManifestError, Source
from experiments.declared.model_settings import FEWEST_CHANNELS, Model, TemporalModules
from experiments.declared.seed_plan import SeedPlan, check_seed_plan
from experiments.declared.training_settings import (
    ChosenData,
    Evaluation,
    FineTuning,
    FlowPretraining,
    Generated,
    Inference,
    OffsetFit,
    OwnVideos,
    Pretraining,
    Recorded,
)
from experiments.declared.typed_yaml import OTHERS, typed

ExpectedSeconds = TypedDict(
    "ExpectedSeconds",
    {
        "videos": float,
        "images": float,
        "pretrain": float,
        "pretrain-flow": float,
        "train": float,
        "evaluate": float,
        "offset-fit": NotRequired[float],
        "dosed-videos": NotRequired[float],
        "evaluate-dose": NotRequired[float],
    },
)


@dataclass(frozen=True)
class Accelerator:
    """A GPU assumed for --dry-run: its peak speed, and the share of it that training is taken to
    reach."""

    name: str
    tflops: float
    utilisation: float


@dataclass(frozen=True)
class Profile:
    """The settings that all runs of a profile share.

    workers: stages that run at the same time, None for one per core; threads: of each stage;
    processes: that share a training or an inference, None for one per GPU; expected_seconds: by
    kind of stage; pretrain, pretrain_flow, offset_fit: settings where the profile has its own
    images or its own videos with exact flow, else None; plan: how its claims are decided, None to
    use whatever seeds there are; tables: those that "all" means and its page shows, None for every
    one; notes: what a reader of its claims should know; knows: all that its videos show, for
    whoever shows its models something else; base: of own data, the profile whose image models it
    starts from (never in a file).
    """

    name: str = field(metadata={"key": "profile"})
    about: str
    seeds: list[int]
    expected_seconds: dict[str, float] = field(metadata={"kind": ExpectedSeconds})
    data: Generated | Recorded | ChosenData | OwnVideos = field(
        metadata={"kind": Generated | Recorded | OwnVideos}
    )
    model: Model
    train: FineTuning
    infer: Inference
    evaluation: Evaluation
    pretrain: Pretraining | None = None
    pretrain_flow: FlowPretraining | None = field(default=None, metadata={"key": "pretrain-flow"})
    offset_fit: OffsetFit | None = field(default=None, metadata={"key": "offset-fit"})
    workers: int | None = None
    threads: int = 1
    processes: int | None = 1
    accelerator: Accelerator | None = None
    plan: SeedPlan | None = None
    tables: list[str] | None = None
    notes: list[str] = field(default_factory=list[str])
    knows: str = ""
    base: Profile | None = field(default=None, metadata={"kind": NoneType})

    @property
    def validation_videos(self) -> int | None:
        """Number of videos of the validation split; None where only the data set knows it."""
        if "own" in self.data:
            return None
        if "dataset" in self.data:
            return self.data.get("holdout_videos")
        return self.data["videos"]["val"]["videos"]


def load_profile(path: Path) -> tuple[Profile, Source]:
    """A profile, which may extend another. Raises ManifestError."""
    profile, source = typed(compose_extended(path), Profile)
    if profile.name != path.stem:
        raise source.error(f"profile {profile.name!r} in {path.name}", "profile")
    if not profile.seeds:
        raise ManifestError(f"{path}: seeds is empty")
    if "images" in profile.data and profile.pretrain is None:
        raise ManifestError(f"{path}: data has images, so the profile needs the key 'pretrain'")
    for name, backbone in profile.model["backbones"].items():
        if backbone.get("res2_channels", FEWEST_CHANNELS) < FEWEST_CHANNELS:
            steps = ("model", "backbones", name, "res2_channels")
            raise source.error(f"res2_channels must be at least {FEWEST_CHANNELS}", *steps)
    known = TemporalModules.__annotations__.keys() - {OTHERS}
    for name in profile.model["temporal"].keys() - known:
        steps = ("model", "temporal", name, "")
        source.check_name(name, {*known, *registered()}, "temporal module", *steps)
    if profile.plan is not None:
        check_seed_plan(profile.plan, source)
    return profile, source


def registered() -> list[str]:
    """Names of temporal modules in baselines/registry.py. Loads torch."""
    from baselines.registry import BASELINES

    return list(BASELINES)
