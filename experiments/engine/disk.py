"""Errors of a full or unwritable disk, and the messages that say what to do."""

from __future__ import annotations

import errno

FULL = (errno.ENOSPC, errno.EDQUOT)
NO_SPACE = 74  # exit status of a worker, which may be unable to write its error to the full disk
AGAIN = "free some, then the same command goes on; what is finished is kept"


def is_full(error: BaseException | None) -> bool:
    """Whether an error is, or comes from, a full disk or an exhausted quota."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__ or error.__context__
    return False


def told(error: BaseException) -> str:
    """A disk's error reworded with what to do about it; any other error as it is."""
    filename = getattr(error, "filename", None)
    where = f" for {filename}" if filename else ""
    if is_full(error):
        return f"no space left on the disk{where}: {AGAIN}"
    if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES):
        return (
            f"no access{where} ({error.strerror}): make it writable, then the same command goes on"
        )
    return str(error)
