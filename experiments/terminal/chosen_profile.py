"""The profile that a call is about: the named one, as the options change it."""

from __future__ import annotations

import argparse
import os

from experiments.declared.manifests import Manifests, check_runs
from experiments.declared.profiles import Profile
from experiments.declared.trial import notes, trial
from experiments.engine.environment import gpus
from experiments.pipeline.graph import with_official_val


def chosen_profile(options: argparse.Namespace, manifests: Manifests) -> Profile:
    """The named profile as the options change it."""
    profile = manifests.profile(options.profile)
    check_runs(manifests, profile)
    if options.data:
        # reads data sets, which takes numpy
        from experiments.declared.own_data import absolute, load_own_data
        from experiments.declared.own_profile import with_own_data, words

        own = load_own_data(options.data)
        os.environ["TPR_OWN_DATA"] = absolute(options.data)
        profile = with_own_data(profile, own)
        print("\n".join(words(profile, own)), flush=True)
    if options.official_val:
        profile = with_official_val(profile)
    if options.limit_videos or options.limit_frames or options.max_iter:
        profile = trial(
            profile,
            videos=options.limit_videos,
            frames=options.limit_frames,
            iterations=options.max_iter,
            data_root=options.data_root,
            on_gpus=bool(options.gpus_per_node if options.launcher == "slurm" else gpus()),
        )
        print("\n".join(notes(profile)), flush=True)
    return profile
