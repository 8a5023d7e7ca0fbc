"""Several processes run one stage: one lock, one record, each its share of the body."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STAGES = """
import os

def count(spec, inputs, out, log):
    from tpr.distributed import gathered, rank, sum_over_processes
    import torch
    if os.environ.get("FAIL_AT") == str(rank()):
        raise ValueError("no space left")
    log.progress(1, 1)
    (out / f"rank{rank()}").touch()
    return {"sum": sum_over_processes(torch.tensor(rank() + 1)).item(), "ranks": gathered(rank())}

BODIES = {"train": count}
"""


def start_together(count: int, arguments: list[str], **variables: str) -> list[subprocess.Popen]:
    """Processes with the variables that torchrun and Slurm set."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | common | {"RANK": str(i), "LOCAL_RANK": str(i)} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for i in range(count)
    ]


def outcome(processes: list[subprocess.Popen]) -> list[tuple[int, str]]:
    """Exit status and output of each."""
    try:
        return [(p.wait(250), p.stdout.read()) for p in processes]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "few_stages.py").write_text(STAGES)
    folder = tmp_path / "runs" / "train-a-0123456789ab"
    folder.mkdir(parents=True)
    request = {"stage": "train", "name": "a", "key": "0123456789ab", "inputs": {}, "spec": {}}
    (folder / "stage.json").write_text(json.dumps(request))
    return folder


def run(folder, count, **variables):
    paths = os.pathsep.join([str(ROOT), str(folder.parent.parent)])
    arguments = ["-m", "experiments.worker", str(folder), "--stages", "few_stages"]
    return outcome(start_together(count, arguments, PYTHONPATH=paths, **variables))


def test_processes_of_a_stage_work_together_and_the_first_writes_the_record(folder):
    assert [status for status, _ in run(folder, 2)] == [0, 0]
    record = json.loads((folder / "record.json").read_text())
    assert record["metrics"] == {"sum": 3, "ranks": [0, 1]}
    assert record["hardware"]["processes"] == 2
    assert (folder / "rank1").exists()
    (folder / "rank1").unlink()
    assert [status for status, _ in run(folder, 2)] == [0, 0]
    assert not (folder / "rank1").exists()  # finished: the body did not run again
