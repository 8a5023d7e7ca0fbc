"""Errors of a stage that several processes run: each process writes its own, with the time.

When one fails, the others fail a moment later because it is gone, and their errors end the log. The
first error that is not such a consequence is the stage's.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from experiments.stages.json_files import Record, read_json, write_json

FOLDER = "errors"  # in the stage's
LONGEST = 300  # characters


@contextmanager
def noting(folder: Path) -> Iterator[None]:
    """Within the block an error of this process is written to the stage's folder, then raised
    again."""
    forget_before(folder)
    try:
        yield
    except Exception as error:
        with suppress(OSError):  # the disk may be what is wrong
            line = f"process {rank()} of {count()}: {last_line(error)}"
            note(folder, line, lost=is_lost(error))
        raise


def forget_before(folder: Path) -> None:
    """Removes the errors that this process, or ranks that no longer take part, left in an earlier
    run."""
    path(folder, rank()).unlink(missing_ok=True)
    if rank() == 0:
        kept = {path(folder, one) for one in range(count())}
        for old in set((folder / FOLDER).glob("*.json")) - kept:
            old.unlink(missing_ok=True)


def note(folder: Path, line: str, *, lost: bool = False) -> None:
    """Writes an error. lost: whether it is the consequence of another process that has ended."""
    content = {"process": rank(), "line": line[:LONGEST], "lost": lost, "time": time.time()}
    write_json(path(folder, rank()), content)


def first(folder: Path) -> Record | None:
    """The first error that the processes of a stage left; one that is no consequence, if there is
    any."""
    found = [read_json(one) for one in (folder / FOLDER).glob("*.json")]
    return min(filter(None, found), key=lambda one: (one["lost"], one["time"]), default=None)


def told(error: Record) -> str:
    """An error found by `first` as one line."""
    killed = " (no process left an error of its own: one was killed?)"
    return error["line"] + killed * error["lost"]


def is_lost(error: Exception) -> bool:
    from tpr.parallel.distributed import LostProcessError

    return isinstance(error, LostProcessError)


def last_line(error: Exception) -> str:
    """An error's type and message; for an error passed on from a data loader's process, the
    original one."""
    lines = "".join(traceback.format_exception_only(error)).strip().splitlines()
    return lines[-1].strip()


def path(folder: Path, number: int) -> Path:
    return folder / FOLDER / f"{number:05}.json"


def rank() -> int:
    return int(os.environ.get("RANK", "0"))


def count() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
