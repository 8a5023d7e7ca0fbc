"""What a profile of own data differs in: image models start from those of another profile, and
nothing that needs exact flow is there."""

from __future__ import annotations

from dataclasses import replace

from experiments.declared.profiles import Profile
from experiments.declared.training_settings import Pretraining


def of_own_data(profile: Profile, base: Profile, iterations: int | None = None) -> Profile:
    """The profile with image models that start from those of `base`, or from public ones where it
    has public ones; iterations: of an image model, None for as many as of the profile's continued
    ones."""
    pretrain = profile.pretrain
    return replace(
        profile,
        offset_fit=None,
        pretrain_flow=None,
        pretrain=None if pretrain is None else continued(pretrain, iterations),
        base=base,
    )


def continued(settings: Pretraining, iterations: int | None) -> Pretraining:
    """Of an image model that has been trained before: as long as the profile's continued ones
    unless `iterations` says it, on images of full size from the start."""
    found = settings.copy()
    before = found.pop("continued", {})
    found.pop("small_first", None)
    lengths = [one["iterations"] for one in before.values()]
    if iterations is not None:
        found["iterations"] = iterations
    elif lengths:
        found["iterations"] = min(lengths)
    return found
