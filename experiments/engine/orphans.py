"""Processes that end with their parent, even if it is killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time

PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Ends this process, and all it forks, when process `parent` (its parent) ends."""
    ask_kernel()
    os.register_at_fork(after_in_child=ask_kernel)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def ask_kernel() -> None:
    """Has Linux kill this process when the thread that started it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _watch(parent: int) -> None:
    """Does the same where the kernel does not."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)
