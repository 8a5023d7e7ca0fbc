"""A profile with a user's own data in place of its own, under a name of its own: mini@cells.

It has the profile's networks, sizes and test settings, and folders and keys of its own, so that
records of different data never mix.
"""

from __future__ import annotations

from dataclasses import replace

from experiments.declared.own_data import OwnData
from experiments.declared.own_overlap import overlap
from experiments.declared.own_settings import of_own_data
from experiments.declared.profiles import Profile
from experiments.declared.training_settings import FineTuning

AT = "@"  # between a profile's name and that of the data


def with_own_data(profile: Profile, own: OwnData) -> Profile:
    """The profile on these data. Image models start from its own, or from public ones where it has
    public ones. The declared plan, the notes and what models know are of other data."""
    data = own.settings()
    if "pretrained" in profile.data:
        data["pretrained"] = dict(profile.data["pretrained"])
    named = replace(
        profile,
        name=f"{profile.name}{AT}{own.name}",
        data=data,
        plan=None,
        notes=[],
        knows="",
        train=fine_tuning(profile.train, own),
    )
    return of_own_data(named, profile, own.iterations.images)


def fine_tuning(settings: FineTuning, own: OwnData) -> FineTuning:
    found = settings.copy()
    if own.iterations.videos is not None:
        found["iterations"] = own.iterations.videos
    return found


def words(profile: Profile, own: OwnData) -> list[str]:
    """What is said before anything runs."""
    categories = ", ".join(own.categories)
    lines = [f"DATA {own.name} ({categories}): results/{profile.name}, reports/{profile.name}"]
    if own.images and profile.pretrain is None:
        assert profile.base is not None
        lines.append(
            f"note: the single images are not used: profile {profile.base.name} starts from public "
            "image models and has no image pretraining"
        )
    if sentence := overlap(own):
        lines.append(f"note: {sentence}")
    return lines
