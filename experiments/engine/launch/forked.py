"""Worker processes forked from one that has loaded the libraries, which takes a stage seconds.

Not for machines with GPUs: CUDA does not survive a fork.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import forkserver
from pathlib import Path

from experiments.engine.launch.local import environment
from experiments.engine.orphans import end_with_parent
from experiments.engine.signals import ignoring_interrupts
from experiments.engine.worker import STAGE_BODIES, run_or_tell
from experiments.stages.progress import write_to

CONTEXT = multiprocessing.get_context("forkserver")
LIBRARIES = {STAGE_BODIES: "experiments.pipeline.libraries"}  # of other stages none


class Forked:
    """One stage's process, with the interface of `local.Worker`; its output goes to log.txt in the
    stage's folder.

    threads: of each library, the same for all workers of a process.
    """

    def __init__(self, folder: Path, stages: str, threads: int) -> None:
        start_server(threads, [LIBRARIES[stages]] if stages in LIBRARIES else [])
        args = (folder, stages, environment(threads))
        self.process = CONTEXT.Process(target=work, args=args, name=folder.name)
        self.process.start()
        self.ended = False

    def poll(self) -> int | None:
        """The exit status, None while it runs. When it has ended, processes that it started are
        ended too."""
        if self.process.exitcode is not None and not self.ended:
            self.ended = True
            self._signal_group(signal.SIGKILL)
        return self.process.exitcode

    def terminate(self) -> None:
        if self.process.exitcode is None and not self._signal_group(signal.SIGTERM):
            self.process.terminate()

    def kill(self) -> None:
        if self.process.exitcode is None:
            if not self._signal_group(signal.SIGKILL):
                self.process.kill()
            self.process.join()

    def _signal_group(self, number: int) -> bool:
        """Signals the worker and what it started; False if it has not made its group yet."""
        if self.process.pid is None:
            return False
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True


def start_server(threads: int, modules: list[str]) -> None:
    """Starts the process that the workers are forked from, with modules loaded, unless it runs."""
    before = dict(os.environ)
    CONTEXT.set_forkserver_preload(modules)
    os.environ.update(environment(threads))  # read by the libraries when they are loaded
    try:
        with ignoring_interrupts():
            forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


def work(folder: Path, stages: str, variables: dict[str, str]) -> None:
    """The worker's own part: runs the stage and exits with its status.

    variables: the runner's environment now; the worker is born with that of its server's start.
    """
    os.environ.clear()
    os.environ.update(variables)
    os.setsid()  # Ctrl-C reaches the runner, which then stops the workers
    write_to(folder / "log.txt")
    end_with_parent(os.getppid())
    threading.Thread(target=end_with_runner, daemon=True).start()
    sys.exit(run_or_tell(folder, stages))


def end_with_runner() -> None:
    """Ends this worker when its runner ends: its parent is the fork server, which may outlive the
    runner."""
    if (runner := multiprocessing.parent_process()) is not None:
        runner.join()
    os._exit(1)
