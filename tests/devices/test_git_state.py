"""Whether a tree differs from its commit, as records say it."""

import subprocess

import pytest

from tpr.devices.machine_record import git_state


@pytest.fixture
def tree(tmp_path):
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(tmp_path))
    (tmp_path / "a.py").write_text("1")
    for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "a")):
        subprocess.run([*git, *arguments], check=True)
    return tmp_path


def test_a_tree_as_committed_is_clean(tree):
    assert git_state(tree)["dirty"] is False


@pytest.mark.parametrize("name", ["grid.log", "a phone video.mp4", "noten ä.md"])
def test_a_new_file_that_nothing_reads_makes_no_difference(tree, name):
    (tree / name).write_text("x")
    assert git_state(tree)["dirty"] is False


@pytest.mark.parametrize("name", ["a.py", "b.py", "new/b.py", "my own.yaml", "ä.py"])
def test_changed_and_new_sources_do(tree, name):
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("2")
    assert git_state(tree)["dirty"] is True


def test_results_and_pages_are_no_sources(tree):
    for name in ("results/mini/all.py", "reports/x.yaml"):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).write_text("x")
    assert git_state(tree)["dirty"] is False


def test_without_git_nothing_is_known(tmp_path):
    assert git_state(tmp_path) == {"commit": None, "dirty": None}
