"""Two suites on one folder, and file systems that cannot lock."""

import errno
import fcntl
import os

import pytest

from experiments.cli import main
from experiments.engine.lock import file_lock
from experiments.engine.runner import describe
from experiments.stages.layout import Layout
from experiments.stages.stage import Stage
from tests.helpers.suite_helpers import calls, make_root, start, suite, values


def test_two_suites_started_together_do_each_stage_once_with_equal_results(tmp_path):
    alone = make_root(tmp_path / "alone")
    shared = make_root(tmp_path / "shared")
    both = [start(shared, "blendmask-r50", TPR_FAKE_TICK="0.02") for _ in range(2)]
    assert suite(alone, "blendmask-r50")[0] == 0
    outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    ends = calls(shared, "end")
    assert sorted(ends) == sorted(set(ends)) == sorted(values(alone))
    assert values(shared) == values(alone)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_folder_that_cannot_lock_is_one_line_with_a_way_out(
    tmp_path, monkeypatch, capsys, number
):
    """As on NFS without its lock service, or a file system without flock."""

    def refuse(handle, operation):
        raise OSError(number, os.strerror(number))

    root = make_root(tmp_path)
    monkeypatch.setattr(fcntl, "flock", refuse)
    arguments = ["blendmask-r50", "--profile", "smoke"]
    assert main(arguments, root=root, stages="tests.helpers.suite_fakes", page=None) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: [Errno {number}] cannot lock {root}/runs/smoke/.locks/")
    assert "put the runs folder on a file system with flock, for example by a link" in line
    assert not list(root.rglob("record.json"))


def test_a_stage_that_another_suite_runs_is_left_as_it_is(tmp_path):
    layout = Layout("smoke", tmp_path)
    stage = Stage("train", "a", "smoke", {"lr": 1})
    with file_lock(stage.lock(layout)):
        assert not describe(stage, layout)
    assert not stage.folder(layout).exists()


def test_drafts_of_a_killed_runner_are_cleared_by_the_next(tmp_path):
    layout = Layout("smoke", tmp_path)
    stage = Stage("train", "a", "smoke", {"lr": 1})
    folder = stage.folder(layout)
    folder.mkdir(parents=True)
    (folder / ".stage.json.12345.tmp").write_text('{"stage": ')
    assert describe(stage, layout)
    assert [path.name for path in folder.iterdir()] == ["stage.json"]
