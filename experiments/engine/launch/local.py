"""Worker processes on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from experiments.stages.json_files import read_json
from experiments.stages.key import Spec
from experiments.stages.layout import ROOT


class Worker:
    """One stage's process; its output goes to log.txt in the stage's folder.

    processes: how many share a training or an inference; then this one starts and watches them.
    """

    def __init__(self, folder: Path, stages: str, threads: int, processes: int = 1) -> None:
        command = [sys.executable, "-m", "experiments.engine.worker", str(folder)]
        request = read_json(folder / "stage.json") or {}
        if processes > 1 and is_shared(request["spec"]):
            command[2:3] = ["experiments.engine.launch.ranks", str(processes)]
        command += ["--stages", stages, "--parent", str(os.getpid())]
        with (folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(threads),
                start_new_session=True,  # Ctrl-C reaches the runner, which then stops the workers
            )

    def poll(self) -> int | None:
        """The exit status, None while it runs. When it has ended, processes that it started are
        ended too."""
        pid = self.process.pid
        if self.process.returncode is None and os.waitid(
            os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            self._signal(signal.SIGKILL)
        return self.process.poll()

    def terminate(self) -> None:
        if self.process.returncode is None:
            self._signal(signal.SIGTERM)

    def kill(self) -> None:
        if self.process.returncode is None:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def is_shared(spec: Spec) -> bool:
    """Whether several processes can work on a stage together: those that train or infer."""
    return "train" in spec or "infer" in spec


def environment(threads: int) -> dict[str, str]:
    return os.environ | settings(threads)


def settings(threads: int) -> dict[str, str]:
    """Environment variables of a worker: threads of every library, and this repository
    importable."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    extra = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
    # Otherwise glibc gives every large activation back to the kernel, only to fault it in again.
    extra |= {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
    return dict.fromkeys(names, str(threads)) | extra
