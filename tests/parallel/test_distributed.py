"""Several processes run one stage: one lock, one record, each its share of the body."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from experiments.engine import rank_errors
from experiments.engine.launch import ranks
from experiments.engine.launch.local import Worker
from experiments.engine.lock import file_lock
from experiments.engine.runner import failure_reason
from tpr.parallel import hang_watch
from tpr.parallel.distributed import all_take_part

pytestmark = pytest.mark.timeout(900)  # a busy machine takes minutes to load torch
STAGES = """
import os
import signal
import time

def count(spec, inputs, out, log):
    from tpr.parallel.distributed import gathered, rank, sum_over_processes
    from tpr.parallel.hang_watch import PATIENCE, doing
    import torch
    gathered(None)
    doing("counting to ten")
    happens = os.environ.get("HAPPENS") if rank() == 1 else None
    if os.environ.get("HAPPENS") == "freeze" and rank() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    if happens == "error":
        raise ValueError("the batch is odd")
    if happens == "hang":
        time.sleep(1000)
    for i in range(20 if happens == "slow" else 0):
        doing(f"counting {i}")
        time.sleep(PATIENCE / 10)
    log.progress(1, 1)
    (out / f"rank{rank()}").touch()
    while "STAY" in os.environ:
        time.sleep(1)
    found = {"sum": sum_over_processes(torch.tensor(rank() + 1)).item(), "ranks": gathered(rank())}
    if os.environ.get("HAPPENS") == "slow" and rank() == 0:
        time.sleep(2 * PATIENCE)  # alone, as in an evaluation
    return found

BODIES = {"train": count}
"""
SOON_IMPATIENT = """
import os

if "RANK" in os.environ and "HAPPENS" in os.environ:
    from tpr import hang_watch
    hang_watch.PATIENCE, hang_watch.LOOK = 2.0, 0.1
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "few_stages.py").write_text(STAGES)
    (tmp_path / "sitecustomize.py").write_text(SOON_IMPATIENT)
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
    """One of them only takes long, and is waited for."""
    monkeypatch.setenv("HAPPENS", "slow")
    assert status_of(start(folder, monkeypatch)) == 0
    record = json.loads((folder / "record.json").read_text())
    assert record["metrics"] == {"sum": 3, "ranks": [0, 1]}
    assert record["hardware"]["processes"] == 2
    assert (folder / "rank0").exists() and (folder / "rank1").exists()


def outcome(folder, monkeypatch, happens):
    """Exit status, and what the suite tells, of a stage in whose second process something happens
    while the first waits for it."""
    monkeypatch.setenv("HAPPENS", happens)
    status = status_of(start(folder, monkeypatch))
    return status, failure_reason(folder, status)


def test_the_error_of_one_process_ends_all_and_is_the_stages(folder, monkeypatch):
    status, reason = outcome(folder, monkeypatch, "error")
    assert (status, reason) == (1, "process 1 of 2: ValueError: the batch is odd")
    log = (folder / "log.txt").read_text()
    assert log.splitlines()[-1] == reason
    assert not (folder / "record.json").exists()


def test_a_process_that_hangs_ends_the_stage_and_is_named(folder, monkeypatch):
    status, reason = outcome(folder, monkeypatch, "hang")
    assert status == 1
    assert reason == (
        f"process 1 of 2 (on {socket.gethostname()}) holds up the others and has begun nothing "
        "for 2 seconds; the last was: counting to ten"
    )


def test_a_first_process_that_freezes_is_named_though_nothing_can_be_asked(folder, monkeypatch):
    status, reason = outcome(folder, monkeypatch, "freeze")
    assert status == 1
    assert reason == "process 0 of 2 does not answer, and the others wait for it"


@pytest.mark.parametrize(
    ("codes", "blamed", "words"),
    [
        ([1, -9], -9, "process 1 of 2 was killed by signal 9 (out of memory?)"),
        ([75, 75], 75, ""),
        ([1, 74], 74, ""),
    ],
)
def test_the_status_is_that_of_the_process_that_failed_by_itself(
    folder, monkeypatch, capsys, codes, blamed, words
):
    if 74 in codes:
        monkeypatch.setenv("RANK", "1")
        rank_errors.note(folder, "OSError: no space left")
    program = "import os, sys; n = int(sys.argv[1]); os.kill(os.getpid(), -n) if n < 0 else exit(n)"
    processes = [subprocess.Popen([sys.executable, "-c", program, str(n)]) for n in codes]
    for process in processes:
        process.wait()
    assert ranks.wait(processes, folder) == blamed
    assert capsys.readouterr().out.strip() == words


def test_a_process_is_told_of_a_hang_within_ten_minutes():
    assert hang_watch.PATIENCE + 2 * hang_watch.LOOK < 600


def test_the_first_error_of_its_own_kind_is_told_whatever_the_order_in_the_log(folder, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank, (text, lost) in enumerate([("gloo", True), ("late", False), ("memory", False)]):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setattr(time, "time", lambda rank=rank: 10.0 - rank)
        rank_errors.note(folder, text, lost=lost)
    assert failure_reason(folder, 1) == "memory"
    monkeypatch.setenv("WORLD_SIZE", "1")  # the next run, by one process
    monkeypatch.setenv("RANK", "0")
    rank_errors.forget_before(folder)
    assert rank_errors.first(folder) is None


def test_the_error_of_a_loader_is_told_without_torchs_words_around_it():
    error = ValueError(
        "Caught ValueError in DataLoader worker process 0.\nOriginal ...\nOSError: x"
    )
    assert rank_errors.last_line(error) == "OSError: x"
    assert rank_errors.last_line(ValueError("plain")) == "ValueError: plain"


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (RuntimeError("Connection closed by peer"), True),
        (torch.distributed.DistBackendError("NCCL error: remote process exited"), True),
        (torch.OutOfMemoryError("CUDA out of memory"), False),
        # of a kernel that was started earlier
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), False),
    ],
)
def test_an_error_in_a_call_of_all_is_only_another_ones_if_it_is_not_the_gpus(error, lost):
    with pytest.raises(RuntimeError) as caught, all_take_part():
        raise error
    assert rank_errors.is_lost(caught.value) == lost


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
