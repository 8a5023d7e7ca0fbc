"""Gain against dose: which trained runs are evaluated on which dosed videos, by profile.

doses.yaml, beside the other manifests:

    midi:
      baseline: blendmask-r50
      runs: [blendmask-r50, blendmask-r50+tpr]
      videos: 200
      factors: {speed: [0.25, 0.5, 1, 2]}
      trained: {runs: [blendmask-r50, blendmask-r50+tpr], factors: {speed: [0.5, 1, 2]}}
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from experiments.declared.manifest_errors import Source, Step
from experiments.declared.profile_names import check_profiles
from experiments.declared.typed_yaml import load_typed
from tpr.data.dose_limits import DOSES

FILE = "doses.yaml"
DOSED, TRAINED = "doses", "doses-trained"  # targets: runs as they are trained, and at each dose
# by target, with those of one factor: whether runs are trained at each dose, and the factor
TARGETS: dict[str, tuple[bool, str | None]] = {
    DOSED: (False, None),
    TRAINED: (True, None),
    **{f"{DOSED}-{factor}": (False, factor) for factor in DOSES},
    **{f"{TRAINED}-{factor}": (True, factor) for factor in DOSES},
}
FEWEST = 2  # doses of a factor: a slope needs them
Factors = dict[str, list[float]]


@dataclass(frozen=True)
class TrainedGrid:
    """Runs that are trained on videos of each dose, too, and evaluated on others of the same."""

    runs: list[str]
    factors: Factors


@dataclass(frozen=True)
class DoseGrid:
    """Of one profile. baseline: the run that gains are counted from; runs: it and others, evaluated
    as they were trained; videos: the first ones of the validation split, rendered at every dose;
    factors: doses by factor, rising."""

    baseline: str
    runs: list[str]
    videos: int
    factors: Factors
    trained: TrainedGrid | None = None

    def runs_of(self, *, trained: bool) -> list[str]:
        """trained: those that are trained at each dose."""
        return self.runs if not trained else self.trained.runs if self.trained else []

    def factors_of(self, *, trained: bool, factor: str | None = None) -> Factors:
        """trained: the doses that runs are trained at; factor: of this one alone."""
        found = self.factors if not trained else self.trained.factors if self.trained else {}
        return {name: found[name] for name in found if factor in (None, name)}


def load_doses(manifests: Path, runs: Collection[str]) -> dict[str, DoseGrid]:
    """Grids by profile; none where there is no file. runs: the declared ones. Raises
    ManifestError."""
    if not (manifests / FILE).is_file():
        return {}
    found, source = load_typed(manifests / FILE, dict[str, DoseGrid])
    check_profiles(found, manifests, source)
    for profile, grid in found.items():
        if grid.videos < 1:
            raise source.error("videos must be at least 1", profile, "videos")
        check_runs(grid.runs, grid.baseline, runs, source, profile)
        check_factors(grid.factors, source, profile)
        if grid.trained is not None:
            check_runs(grid.trained.runs, grid.baseline, runs, source, profile, "trained")
            check_factors(grid.trained.factors, source, profile, "trained")
    return found


def check_runs(
    chosen: list[str], baseline: str, declared: Collection[str], source: Source, *steps: Step
) -> None:
    """Raises ManifestError unless all are declared, each once, and the baseline is one of them."""
    for i, run in enumerate(chosen):
        source.check_name(run, declared, "run", *steps, "runs", i)
        if run in chosen[:i]:
            raise source.error(f"run {run!r} stands twice", *steps, "runs", i)
    if baseline not in chosen:
        raise source.error(f"the baseline {baseline!r} is not among them", *steps, "runs")


def check_factors(factors: Factors, source: Source, *steps: Step) -> None:
    """Raises ManifestError unless all are known, with rising doses that a scene can have."""
    for factor, doses in factors.items():
        place = (*steps, "factors", factor)
        source.check_name(factor, DOSES, "factor", *place, "")
        if len(doses) < FEWEST:
            raise source.error(f"{factor} needs {FEWEST} doses or more", *place)
        low, high = DOSES[factor]
        for i, dose in enumerate(doses):
            if not low <= dose <= high:
                message = f"a dose of {factor} must be in [{low:g}, {high:g}], not {dose:g}"
                raise source.error(message, *place, i)
            if i and dose <= doses[i - 1]:
                message = f"doses of {factor} must rise: {dose:g} comes after {doses[i - 1]:g}"
                raise source.error(message, *place, i)
