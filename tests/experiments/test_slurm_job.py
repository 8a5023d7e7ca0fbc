"""A stage as a job, run by submitit on this machine: it is interrupted, comes back and goes on."""

import json
import os
import signal
import time

import pytest
from submitit import LocalExecutor

from experiments.declared.manifests import load_manifests
from experiments.engine.launch.job import StageJob
from experiments.engine.lock import file_lock
from experiments.pipeline.graph import Graph
from experiments.stages.layout import Layout
from tests.helpers.suite_helpers import REPOSITORY, make_root


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A stage without inputs, ready to run, of 5 ticks."""
    layout = Layout("smoke", make_root(tmp_path))
    manifests = load_manifests(layout.manifests)
    stage = Graph(manifests.runs, manifests.profile("smoke")).videos()
    folder = stage.folder(layout)
    folder.mkdir(parents=True)
    (folder / "stage.json").write_text(json.dumps(stage.request()))
    paths = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return folder


def start(folder):
    return LocalExecutor(folder / "slurm").submit(StageJob(folder, "tests.helpers.suite_fakes"))


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_an_interrupted_job_is_requeued_and_resumes(folder, monkeypatch):
    monkeypatch.setenv("TPR_FAKE_TICK", "0.7")
    job = start(folder)
    wait_for(lambda: (folder / "state").is_file() and "1/5" in (folder / "log.txt").read_text())
    os.kill(int((folder.parent / "calls.txt").read_text().split()[2]), signal.SIGUSR2)
    job.result()
    log = (folder / "log.txt").read_text()
    assert log.count("start: videos") == 2 and "Caught signal SIGUSR2" in log
    assert log.count("1/5") == 1  # the first tick was not done again
    assert json.loads((folder / "record.json").read_text())["metrics"]["AP"] == 1.0


def test_a_failing_stage_fails_its_job_and_leaves_its_error_in_the_log(folder, monkeypatch):
    monkeypatch.setenv("TPR_FAKE_FAIL", "videos")
    job = start(folder)
    with pytest.raises(Exception, match="the loss is not finite"):
        job.result()
    end = (folder / "log.txt").read_text().splitlines()[-1]
    assert end.startswith("FloatingPointError: the loss")
    assert not (folder / "record.json").exists()


def test_a_job_waits_for_the_lock_that_its_dead_node_left(folder):
    """As after a requeue: a file server gives the lock of a dead node up after a while."""
    with file_lock(folder.parent / ".locks" / folder.name):
        job = start(folder)
        wait_for(lambda: (folder / "log.txt").is_file())
        time.sleep(1)
        assert not (folder / "record.json").exists()
    job.result()
    assert (folder / "record.json").exists()


def test_a_lock_that_is_never_given_up_is_named(folder):
    work = StageJob(folder, "tests.helpers.suite_fakes")
    work.patience = 0.1
    with file_lock(folder.parent / ".locks" / folder.name):
        job = LocalExecutor(folder / "slurm").submit(work)
        with pytest.raises(Exception, match=r"has held .*/\.locks/videos-\w+ for 0 s: if it is of"):
            job.result()
    assert not (folder / "record.json").exists()


def test_the_processes_of_a_job_run_the_stage_together_and_write_one_record(folder):
    executor = LocalExecutor(folder / "slurm")
    executor.update_parameters(tasks_per_node=2)
    executor.submit(StageJob(folder, "tests.helpers.job_fakes")).results()
    record = json.loads((folder / "record.json").read_text())
    assert record["metrics"] == {"ranks": [0, 1]} and record["hardware"]["processes"] == 2
    assert (folder / "log.txt").read_text().count("start: videos") == 1
