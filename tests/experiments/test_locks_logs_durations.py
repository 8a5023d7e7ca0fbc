"""Small parts of the suite: locks, progress, estimates, tables' freshness."""

import errno
import fcntl
import json

import pytest

from experiments.engine.lock import LockUnavailableError, file_lock, is_locked
from experiments.ship.publish import Page
from experiments.stages.durations import Durations, human
from experiments.stages.json_files import canonical, write_json
from experiments.stages.layout import Layout
from experiments.stages.progress import Log
from tests.helpers.suite_helpers import stage


def test_a_lock_is_held_once_and_free_afterwards(tmp_path):
    path = tmp_path / "locks" / "a"
    with file_lock(path) as mine:
        assert mine and is_locked(path)
        with file_lock(path) as second:
            assert not second
    assert not is_locked(path)


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    asked = "put the runs folder on a file system with"
    with pytest.raises(LockUnavailableError, match=asked), file_lock(tmp_path / "a"):
        pass


def test_json_is_written_whole_or_not_at_all(tmp_path):
    write_json(tmp_path / "a.json", {"x": 1})
    with pytest.raises(ValueError):
        write_json(tmp_path / "a.json", {"x": float("nan")})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_canonical_json_has_one_spelling():
    assert canonical({"b": 1, "a": [1.0, None]}) == '{"a":[1.0,null],"b":1}'


def test_progress_is_told_with_time_left_and_time_spent(tmp_path, monkeypatch):
    clock = iter([0.0, 10.0, 10.0, 30.0, 30.0])
    monkeypatch.setattr("experiments.stages.progress.time.monotonic", lambda: next(clock))
    log = Log(tmp_path)
    log.progress(100, 400)
    log.progress(200, 400, loss=1.25)
    state = json.loads((tmp_path / "progress.json").read_text())
    assert (state["done"], state["total"], state["eta"]) == (200, 400, 40.0)
    assert state["elapsed"] == 30.0 and state["numbers"] == {"loss": "1.25"}


def test_time_spent_before_an_interruption_counts(tmp_path):
    state = {"done": 1, "total": 5, "eta": None, "elapsed": 100.0, "numbers": {}}
    write_json(tmp_path / "progress.json", state)
    assert 100.0 <= Log(tmp_path).elapsed < 101.0


def test_measured_durations_replace_expected_ones(tmp_path):
    layout = Layout("smoke", tmp_path)
    durations = Durations(layout, {"train": 30.0})
    assert durations(stage("train", "a")) == 30.0
    record = {"stage": "train", "name": "a", "run": None, "seconds": 7.0, "finished": "1"}
    write_json(layout.runs / "train-a-0" / "record.json", record)
    assert Durations(layout, {"train": 30.0})(stage("train", "a")) == 7.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (89, "89 s"), (90, "2 min"), (720, "12 min"), (12000, "3 h 20 min")],
)
def test_durations_for_people(seconds, text):
    assert human(seconds) == text


def test_the_page_is_built_when_a_record_changes_and_not_otherwise(tmp_path):
    layout = Layout("smoke", tmp_path)
    code = "import pathlib, sys; p = pathlib.Path('reports/smoke/index.html'); "
    code += "p.parent.mkdir(parents=True, exist_ok=True); p.write_text(' '.join(sys.argv))"
    write_json(layout.records / "a-seed0.json", {"AP": 1})
    assert Page(layout, ("-c", code)).finish() is None
    assert "--profile smoke" in layout.page.read_text()
    assert Page(layout, ("-c", code)).is_current()
    write_json(layout.records / "a-seed0.json", {"AP": 2})
    assert not Page(layout, ("-c", code)).is_current()


def test_a_page_that_cannot_be_built_is_one_line_with_its_log(tmp_path):
    problem = Page(Layout("smoke", tmp_path), ("-c", "raise ValueError('no table')")).finish()
    assert problem == (
        "the page could not be built: ValueError: no table (log: runs/smoke/page.log)"
    )
