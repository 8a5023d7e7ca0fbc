"""Whether a declared plan is as it was declared: what git says of earlier versions of it.

A plan counts from its date, so one that changes needs a later date: otherwise looks, seeds or error
could be chosen after the records had been seen, and would count as declared before them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

import yaml

from experiments.declared.extension import extended, merged
from experiments.declared.manifest_errors import ManifestError
from experiments.declared.plain_yaml import YAML, plain
from experiments.declared.seed_plan import SeedPlan, moment
from tpr.devices.machine_record import output

Plain = dict[str, Any]  # a manifest as YAML reads it, or a part of one


class Version(NamedTuple):
    """A profile's plan at a commit, and when that was written."""

    commit: str
    written: datetime
    plan: Plain


def change_problem(plan: SeedPlan, profile: str, manifests: Path) -> str:
    """What is wrong with the plan's date, given the plan's history; "" if nothing, or without one.

    The first commit that is known of a plan may have any date, as a copy of the repository without
    its history has one commit of a later day.
    """
    present = spelt(asdict(plan))
    for version in versions(profile, manifests, "--first-parent"):
        if version.plan != present:
            return between(plan, version, first_with(present, profile, manifests))
    return ""


def first_with(plan: Plain, profile: str, manifests: Path) -> Version | None:
    """The oldest commit that has the plan, on whatever branch: what was declared and run on a
    branch was declared there, not when it was merged. The full history, as git leaves out branches
    of which a merge took nothing."""
    for version in versions(profile, manifests, "--reverse", "--full-history"):
        if version.plan == plan:
            return version
    return None


def between(plan: SeedPlan, before: Version, since: Version | None) -> str:
    """What is wrong with the date of a plan that differs from the version before it.

    since: the oldest version that has the plan, None if it is in no commit.
    """
    fix = "a changed plan is a new one, give it a new date under 'declared'"
    present = spelt(asdict(plan))
    changed = [name for name, value in present.items() if before.plan.get(name) != value]
    if plan.since <= moment(before.plan["declared"]):
        return (
            f"the plan declared {plan.declared} had other {', '.join(changed)} at commit "
            f"{before.commit}: {fix}"
        )
    if since is not None and plan.since < moment(written(since, plan)):
        return (
            f"the plan declared {plan.declared} was changed on {written(since, plan)} (commit "
            f"{since.commit}), after its date: {fix}"
        )
    return ""


def written(version: Version, plan: SeedPlan) -> date:
    """When a version was written, as precisely as the plan says when it was declared: a time, in
    UTC, or a day."""
    if isinstance(plan.declared, date):
        return version.written.date()
    return version.written.astimezone(UTC).replace(tzinfo=None)


def versions(profile: str, manifests: Path, *options: str) -> Iterator[Version]:
    """The profile's plan at each commit that changed a profile, newest first unless options of git
    log say otherwise; commits without a plan are left out."""
    folder = manifests / "profiles"
    log = output(["git", "log", *options, "--format=%h %aI", "--", "."], folder)
    for line in (log or "").splitlines():
        commit, when = line.split()
        plan = manifest_at(commit, profile, folder).get("plan")
        if is_mapping(plan) and "declared" in plan:
            yield Version(commit, datetime.fromisoformat(when), spelt(plan))


def manifest_at(commit: str, profile: str, folder: Path) -> Plain:
    """A profile's manifest at a commit, with what it extends; empty if it cannot be read."""
    whole, chain = node_at(commit, profile, folder), [profile]
    try:
        base = extended(whole)
        while base is not None and base.value not in chain:
            chain.append(base.value)
            before = node_at(commit, base.value, folder)
            base = extended(before)
            whole = merged(before, whole)
        found: object = plain(whole)
    except ManifestError:
        return {}
    return found if is_mapping(found) else {}


def node_at(commit: str, profile: str, folder: Path) -> yaml.Node:
    """A manifest's own YAML at a commit, an empty mapping if there is none."""
    text = output(["git", "show", f"{commit}:./{profile}.yaml"], folder)
    try:
        node: yaml.Node | None = YAML.compose(text or "", YAML.SafeLoader)
    except yaml.YAMLError:
        node = None
    return yaml.MappingNode("tag:yaml.org,2002:map", []) if node is None else node


def is_mapping(value: object) -> TypeGuard[Plain]:
    return isinstance(value, dict)


def spelt(plan: Plain) -> Plain:
    """With its date as text: YAML has types of its own for days and for times without quotes."""
    return plan | {"declared": str(plan["declared"])}
