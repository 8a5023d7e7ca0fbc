"""Locks between processes, released by the operating system when their holder ends for any
reason."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAUSE = 5.0  # seconds between attempts


class LockUnavailableError(OSError):
    """The file system cannot lock."""


@contextmanager
def file_lock(path: Path, *, wait: bool = False, patience: float = 0) -> Iterator[bool]:
    """Holds flock on `path` and yields True; yields False if another process still holds it after
    `patience` seconds.

    wait: waits for as long as it takes. The file is never deleted: two processes could then lock
    two different files of the same name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    until = time.monotonic() + patience
    try:
        while not (mine := _flock(handle, path, wait)) and time.monotonic() < until:
            time.sleep(min(PAUSE, patience))
        yield mine
    finally:
        os.close(handle)


def _flock(handle: int, path: Path, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise LockUnavailableError(
            error.errno,
            f"cannot lock {path} ({error.strerror}): put the runs folder on a file system with "
            "flock, for example by a link to a local disk",
        ) from None
    return True


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock right now."""
    if not path.exists():
        return False
    with file_lock(path) as mine:
        return not mine
