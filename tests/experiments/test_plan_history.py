"""A declared plan that changes needs a new date: planted histories, and the repository's own."""

import shutil
import subprocess
from pathlib import Path

import pytest

from experiments.cli import main
from experiments.declared.plan_history import change_problem
from experiments.declared.profiles import load_profile
from tests.helpers.suite_helpers import edit, make_root

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = "experiments/manifests"
OTHER_LOOKS = ("looks: [3, 5, 8]", "looks: [3, 5]")
FIX = "a changed plan is a new one, give it a new date under 'declared'"


@pytest.fixture
def manifests(tmp_path):
    """The manifests as committed on the day of their plans."""
    shutil.copytree(REPOSITORY / MANIFESTS, tmp_path / MANIFESTS)
    git(tmp_path, "init", "-q")
    commit(tmp_path, "2026-11-29")
    return tmp_path / MANIFESTS


def git(root, *arguments):
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(root, day):
    """Commits everything; returns the commit's short name."""
    git(root, "add", ".")
    git(root, "commit", "-qm", "plan", "--date", f"{day}T12:00:00+0000")
    return git(root, "log", "-1", "--format=%h")


def change(manifests, old, new, profile="midi"):
    edit(manifests / "profiles" / f"{profile}.yaml", old, new)


def problem(manifests, profile="midi"):
    plan = load_profile(manifests / "profiles" / f"{profile}.yaml")[0].plan
    return change_problem(plan, profile, manifests)


def test_a_plan_as_declared_has_no_problem(manifests):
    assert problem(manifests) == ""
    change(manifests, "about: >-", "about: >- # what stands outside of the plan may change")
    commit(manifests, "2026-12-01")
    assert problem(manifests) == ""


def test_a_changed_plan_needs_a_new_date(manifests):
    first = git(manifests, "log", "-1", "--format=%h")
    change(manifests, *OTHER_LOOKS)
    line = f"the plan declared 2026-11-29 had other looks at commit {first}: {FIX}"
    assert problem(manifests) == line
    commit(manifests, "2026-12-01")
    assert problem(manifests) == line
    change(manifests, "  declared: 2026-11-29", "  declared: 2026-12-02")
    assert problem(manifests) == ""
    commit(manifests, "2026-12-02")
    assert problem(manifests) == ""


def test_a_plan_may_change_within_a_day_by_the_time(manifests):
    change(manifests, *OTHER_LOOKS)
    change(manifests, "  declared: 2026-11-29", "  declared: '2026-11-29 11:59:00'")
    commit(manifests, "2026-11-29")
    assert "declared 2026-11-29 11:59:00 was changed on 2026-11-29 12:00:00" in problem(manifests)
    change(manifests, "declared: '2026-11-29 11:59:00'", "declared: '2026-11-29 12:00:00'")
    assert problem(manifests) == ""


def test_a_plan_declared_on_a_branch_counts_from_there(manifests):
    git(manifests, "checkout", "-qb", "grid")
    change(manifests, *OTHER_LOOKS)
    change(manifests, "  declared: 2026-11-29", "  declared: 2026-12-01")
    commit(manifests, "2026-12-01")
    git(manifests, "checkout", "-q", "-")
    (manifests / "note").touch()
    commit(manifests, "2026-12-02")
    git(manifests, "merge", "-q", "--no-ff", "-m", "its records", "grid")
    assert git(manifests, "log", "--first-parent", "--format=%p", "-1").count(" ") == 1
    assert problem(manifests) == ""


def test_a_plan_declared_on_a_branch_that_was_kept_waiting_counts_from_there(manifests):
    git(manifests, "checkout", "-qb", "grid")
    change(manifests, *OTHER_LOOKS)
    change(manifests, "  declared: 2026-11-29", "  declared: 2026-12-01")
    declared = commit(manifests, "2026-12-01")
    git(manifests, "checkout", "-q", "-")
    git(manifests, "merge", "-q", "--no-ff", "-s", "ours", "-m", "not in force yet", "grid")
    assert problem(manifests) == ""
    git(manifests, "checkout", "-q", declared, "--", ".")
    commit(manifests, "2026-12-03")
    assert problem(manifests) == ""


def test_a_new_date_lies_not_before_the_change(manifests):
    change(manifests, *OTHER_LOOKS)
    change(manifests, "  declared: 2026-11-29", "  declared: 2026-11-30")
    second = commit(manifests, "2026-12-01")
    assert problem(manifests) == (
        f"the plan declared 2026-11-30 was changed on 2026-12-01 (commit {second}), after its "
        f"date: {FIX}"
    )


def test_a_plan_changes_with_the_one_that_it_extends(manifests):
    change(manifests, "interaction: 0.3", "interaction: 0.2", profile="mini")
    assert "had other planning at commit" in problem(manifests, "midi")
    assert "had other planning at commit" in problem(manifests, "mini")


def test_without_a_history_nothing_is_said(manifests):
    change(manifests, *OTHER_LOOKS)
    shutil.rmtree(manifests.parents[1] / ".git")
    assert problem(manifests) == ""


def test_until_decided_refuses_a_changed_plan(tmp_path, capsys):
    root = make_root(tmp_path)
    git(root, "init", "-q")
    commit(root, "2026-11-29")
    change(root / MANIFESTS, "looks: [2, 3]", "looks: [2, 4]", profile="smoke")
    commit(root, "2026-12-01")
    options = ["--profile", "smoke", "--until-decided"]
    assert main(options, root=root, stages="tests.helpers.suite_fakes", page=None) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"error: {MANIFESTS}/profiles/smoke.yaml: the plan declared ")
    assert " had other looks at commit " in line and line.endswith(FIX)


@pytest.mark.parametrize("profile", ["mini", "midi"])
def test_the_plans_of_this_repository_changed_only_with_their_dates(profile):
    """CI fetches the whole history; without one there is nothing to compare with."""
    assert problem(REPOSITORY / MANIFESTS, profile) == ""
