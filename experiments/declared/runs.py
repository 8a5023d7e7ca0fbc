"""Runs: every variant of a model, declared once in runs.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from experiments.declared.manifest_errors import Source
from experiments.declared.model_settings import Option
from experiments.declared.typed_yaml import OTHERS, load_typed
from tpr.references.choice import CHOICES, EXACT_FLOW

# true: as in the profile; false: left out; a mapping: with changed options; else a plain option
Part = bool | int | float | str | list[int] | dict[str, Option]


@dataclass(frozen=True)
class Temporal:
    """A run's temporal module and what the run says of its parts.

    module: as in the profile, in baselines/registry.py, or with a dot: a class to import.
    """

    module: str
    parts: dict[str, Part] = field(default_factory=dict[str, Part], metadata={"key": OTHERS})

    @property
    def is_class(self) -> bool:
        return "." in self.module


@dataclass(frozen=True)
class Run:
    """One variant of a model.

    temporal: None for a baseline without temporal module; budget_weight: replaces the profile's;
    reference: what the temporal module gets instead of the previous frame, a name of
    tpr.references.choice; pretrained_offsets: whether offsets start from a fit to the exact flow.
    """

    head: str
    backbone: str
    temporal: Temporal | None
    budget_weight: float | None = None
    reference: str | None = None
    pretrained_offsets: bool = False

    @property
    def needs_exact_flow(self) -> bool:
        """Whether the run can only be trained on generated videos, which have exact flow."""
        return self.reference == EXACT_FLOW or self.pretrained_offsets

    @property
    def image_model(self) -> str:
        """Name of the image model that all runs with this head and backbone share."""
        return f"{self.head}-{self.backbone}"


def load_runs(path: Path) -> tuple[dict[str, Run], Source]:
    """Runs by name. Raises ManifestError."""
    runs, source = load_typed(path, dict[str, Run])
    for name, run in runs.items():
        source.check_file_name(name, "run", name, "")
        source.check_file_name(run.head, "head", name, "head")
        source.check_file_name(run.backbone, "backbone", name, "backbone")
        if run.reference is not None:
            source.check_name(run.reference, CHOICES, "reference", name, "reference")
    return runs, source
