"""Conditions of `--until-decided`, checked before anything runs; each error names the remedy in one
line."""

from __future__ import annotations

import argparse

from experiments.declared.manifest_errors import nearest
from experiments.declared.manifests import Manifests, UnknownNameError
from experiments.declared.plan_history import change_problem
from experiments.declared.profiles import Profile
from experiments.declared.seed_plan import SeedPlan
from experiments.stages.layout import Layout
from tpr.devices.machine_record import output

# options that would change what the plan declares
REFUSED = ("seeds", "force", "official_val", "limit_videos", "limit_frames", "max_iter", "data")


def check_options(options: argparse.Namespace) -> None:
    """Raises ValueError for options that a declared plan excludes."""
    for name in REFUSED:
        if getattr(options, name):
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"--until-decided runs what the plan declares: leave out {option}")


def declared_plan(profile: Profile, layout: Layout) -> SeedPlan:
    """The profile's plan. Raises ValueError if it has none, or none that fits its data."""
    path = layout.shown(layout.manifests / "profiles" / f"{profile.name}.yaml")
    plan, videos = profile.plan, profile.validation_videos
    if plan is None:
        raise ValueError(
            f"profile {profile.name} declares no plan: --until-decided needs the key 'plan' in "
            f"{path} (docs/report.md)"
        )
    if plan.videos != videos:
        raise ValueError(
            f"{path}: the plan is for {plan.videos} validation videos, data has {videos}"
        )
    return plan


def check_committed(layout: Layout) -> None:
    """Raises ValueError if a manifest differs from its committed version; prints a line where there
    is no git."""
    changes = output(["git", "status", "--porcelain", "--", str(layout.manifests)], layout.root)
    if changes is None:
        print("note: no git here, so nothing shows that the plan was declared before", flush=True)
    elif changes:
        name = changes.splitlines()[0].split(maxsplit=1)[-1]
        raise ValueError(
            f"{name} is not as committed: a plan is declared before anything of it runs, so "
            "commit it first"
        )


def check_unchanged(plan: SeedPlan, profile: Profile, layout: Layout) -> None:
    """Raises ValueError if the plan is not the one that git has under its date."""
    if problem := change_problem(plan, profile.name, layout.manifests):
        path = layout.shown(layout.manifests / "profiles" / f"{profile.name}.yaml")
        raise ValueError(f"{path}: {problem}")


def tables_with_claims(manifests: Manifests, profile: Profile, targets: list[str]) -> list[str]:
    """Ids of the named tables, the profile's that have claims where none is named. Raises
    ValueError."""
    having = [id for id, table in manifests.tables.items() if table.claims]
    own = [id for id in having if id in manifests.everything(profile)]
    for name in targets:
        if name in manifests.runs:
            raise ValueError(
                f"{name} is a run: --until-decided takes tables with claims ({', '.join(having)})"
            )
        if name != "all" and name not in manifests.tables:
            known = [*having, "all"]
            raise UnknownNameError(f"unknown table {name!r}; {nearest(name, known)}")
        if name != "all" and name not in having:
            raise ValueError(f"table {name} has no claims to decide; {', '.join(having)} have")
    return [id for id in having if id in targets or (id in own and targets in ([], ["all"]))]
