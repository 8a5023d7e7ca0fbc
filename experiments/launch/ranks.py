"""One stage by several processes of this machine: `python -m experiments.launch.ranks N FOLDER`.

Starts experiments.worker N times with the variables that torchrun sets. If one fails the others are
ended, and its exit status is this one's, as if it had run alone; torchrun hides it.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from ..orphans import end_with_parent

PAUSE = 0.2  # seconds between looks at the processes


def start(count: int, arguments: list[str]) -> list[subprocess.Popen]:
    """`count` workers with the given arguments, which end with this process."""
    command = [sys.executable, "-m", "experiments.worker", *arguments, "--parent", str(os.getpid())]
    shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count)}
    shared |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    ranks = [{"RANK": str(rank), "LOCAL_RANK": str(rank)} for rank in range(count)]
    return [subprocess.Popen(command, env=os.environ | shared | own) for own in ranks]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait(processes: list[subprocess.Popen]) -> int:
    """0 when all have finished, else the status of the first that failed; none is left."""
    try:
        while True:
            statuses = [process.poll() for process in processes]
            failed = [status for status in statuses if status]
            if failed or None not in statuses:
                return failed[0] if failed else 0
            time.sleep(PAUSE)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.launch.ranks", description=__doc__)
    parser.add_argument("count", type=int, help="number of processes")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default="experiments.stages", help="module with the stages")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    options = parser.parse_args()
    end_with_parent(options.parent)
    status = wait(start(options.count, [str(options.folder), "--stages", options.stages]))
    if status < 0:  # killed by a signal
        os.kill(os.getpid(), -status)
    return status


if __name__ == "__main__":
    sys.exit(main())
