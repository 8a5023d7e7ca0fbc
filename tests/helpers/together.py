"""Runs a function in several processes that share a training or an inference, for tests.

`python -m tests.helpers.together MODULE:FUNCTION FOLDER COUNT...` calls function(FOLDER/COUNT) in
as many processes, for each count. They are forked from one process, which has loaded torch already.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

from experiments.engine.launch.ranks import free_port

ROOT = Path(__file__).parents[2]
LIMIT = 600  # seconds, of which an idle machine needs a tenth


def run_together(function: str, folder: Path, *counts: int) -> None:
    """Runs in a fresh Python, of which nothing stays; fails with its output if it fails."""
    command = [
        sys.executable,
        "-m",
        "tests.helpers.together",
        function,
        str(folder),
        *map(str, counts),
    ]
    process = subprocess.Popen(
        command,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=LIMIT)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, output


def one_process(function: str, folder: Path, rank: int, count: int, port: int) -> None:
    from tpr.parallel.distributed import process_group

    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_PORT": port}
    os.environ |= {name: str(value) for name, value in names.items()} | {"MASTER_ADDR": "127.0.0.1"}
    module, name = function.split(":")
    with process_group():
        getattr(import_module(module), name)(folder)


def main() -> int:
    function, folder, counts = sys.argv[1], Path(sys.argv[2]), [int(x) for x in sys.argv[3:]]
    import_module(function.split(":")[0])
    fork = multiprocessing.get_context("fork")
    for count in counts:
        out, port = folder / str(count), free_port()
        out.mkdir(parents=True)
        processes = [
            fork.Process(target=one_process, args=(function, out, rank, count, port))
            for rank in range(count)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        statuses = [process.exitcode for process in processes]
        if any(statuses):
            print(f"exit statuses by rank: {statuses}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
