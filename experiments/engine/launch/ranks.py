"""One stage by several processes of this machine: `python -m experiments.engine.launch.ranks`.

Starts experiments.engine.worker a number of times with the variables that torchrun sets. If one
fails the others are ended; the exit status of the first that did, and its error as the last line,
are this one's, as if it had run alone. torchrun hides them.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from experiments.engine import rank_errors
from experiments.engine.orphans import end_with_parent
from experiments.engine.worker import STAGE_BODIES

RANKS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
PAUSE = 0.2  # seconds between looks at the processes
ENDING = 10.0  # seconds that a process which has told its error takes at most to end


def forget_ranks() -> None:
    """Removes the variables of torch.distributed that another job left in the environment.

    With them a process started alone would wait for others that do not exist.
    """
    for name in RANKS:
        os.environ.pop(name, None)


def start(count: int, arguments: list[str]) -> list[subprocess.Popen]:
    """`count` workers with the given arguments, which end with this process."""
    command = [
        sys.executable,
        "-m",
        "experiments.engine.worker",
        *arguments,
        "--parent",
        str(os.getpid()),
    ]
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]
    return [subprocess.Popen(command, env=os.environ | shared | own) for own in ranks]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait(processes: list[subprocess.Popen], folder: Path) -> int:
    """0 when all processes have finished, else the exit status of the one that failed first; ends
    the others."""
    try:
        while True:
            statuses = [process.poll() for process in processes]
            if any(statuses):
                return blamed(processes, folder)
            if None not in statuses:
                return 0
            time.sleep(PAUSE)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def blamed(processes: list[subprocess.Popen], folder: Path) -> int:
    """The exit status of the process that failed by itself; the others fail because it is gone.

    A process that wrote its error may take a moment to end; one killed by a signal wrote none.
    """
    error = rank_errors.first(folder)
    if error and not error["lost"]:
        try:
            return processes[error["process"]].wait(ENDING) or 1
        except subprocess.TimeoutExpired:
            return 1
    statuses = [process.poll() for process in processes]
    failed = [(number, status) for number, status in enumerate(statuses) if status]
    number, status = min(failed, key=lambda one: one[1] > 0)  # signals are negative
    if status < 0:
        killed = f"process {number} of {len(processes)} was killed by signal {-status}"
        print(f"{killed}{' (out of memory?)' if -status == signal.SIGKILL else ''}", flush=True)
    return status


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.engine.launch.ranks", description=__doc__
    )
    parser.add_argument("count", type=int, help="number of processes")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default=STAGE_BODIES, help="module with the stages")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    options = parser.parse_args()
    end_with_parent(options.parent)
    arguments = [str(options.folder), "--stages", options.stages]
    status = wait(start(options.count, arguments), options.folder)
    error = rank_errors.first(options.folder)
    if status > 0 and error:
        print(rank_errors.told(error), flush=True)
    if status < 0:  # killed by a signal
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main())
