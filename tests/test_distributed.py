"""Several processes run one stage: one lock, one record, each its share of the body."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from experiments.launch.local import Worker
from experiments.lock import file_lock

pytestmark = pytest.mark.timeout(900)  # a busy machine takes minutes to load torch
STAGES = """
import os
import time

def count(spec, inputs, out, log):
    from tpr.distributed import gathered, rank, sum_over_processes
    import torch
    if os.environ.get("FAIL_AT") == str(rank()):
        raise ValueError("no space left")
    log.progress(1, 1)
    (out / f"rank{rank()}").touch()
    while "STAY" in os.environ:
        time.sleep(1)
    return {"sum": sum_over_processes(torch.tensor(rank() + 1)).item(), "ranks": gathered(rank())}

BODIES = {"train": count}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "few_stages.py").write_text(STAGES)
    folder = tmp_path / "runs" / "train-a-0123456789ab"
    folder.mkdir(parents=True)
    request = {
        "stage": "train",
        "name": "a",
        "key": "0123456789ab",
        "inputs": {},
        "spec": {"train": {}},
    }
    (folder / "stage.json").write_text(json.dumps(request))
    return folder


def start(folder, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(folder.parent.parent))
    return Worker(folder, "few_stages", threads=1, processes=2)


def status_of(worker):
    """When it has ended; what it started must have ended too."""
    deadline = time.monotonic() + 600
    while worker.poll() is None or processes_of(worker):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return worker.process.returncode


def processes_of(worker):
    """Those of the worker's session that are still there, by id."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == worker.process.pid and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def test_processes_of_a_stage_work_together_and_the_first_writes_the_record(folder, monkeypatch):
    assert status_of(start(folder, monkeypatch)) == 0
    record = json.loads((folder / "record.json").read_text())
    assert record["metrics"] == {"sum": 3, "ranks": [0, 1]}
    assert record["hardware"]["processes"] == 2
    assert (folder / "rank0").exists() and (folder / "rank1").exists()


def test_an_error_in_one_process_ends_all_of_them(folder, monkeypatch):
    monkeypatch.setenv("FAIL_AT", "1")
    assert status_of(start(folder, monkeypatch)) == 1
    assert "ValueError: no space left" in (folder / "log.txt").read_text()
    assert not (folder / "record.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_first_process_leaves_no_orphan(folder, monkeypatch, number):
    monkeypatch.setenv("STAY", "1")
    worker = start(folder, monkeypatch)
    while not (folder / "rank1").exists():
        assert worker.poll() is None
        time.sleep(0.1)
    assert len(processes_of(worker)) >= 3
    os.kill(worker.process.pid, number)
    assert status_of(worker) == -number
    assert not (folder / "record.json").exists()


def test_a_stage_that_runs_elsewhere_is_left_to_the_other(folder, monkeypatch):
    with file_lock(folder.parent / ".locks" / folder.name):
        assert status_of(start(folder, monkeypatch)) == 75
