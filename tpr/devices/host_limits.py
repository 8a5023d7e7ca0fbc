"""Limits of the machine that loader processes run into: open files and shared memory."""

from __future__ import annotations

import os
import resource
from pathlib import Path

FEW_FILES = 4096  # a loader's batch costs one file, but libraries and NCCL open hundreds
SHARED_MEMORY = Path("/dev/shm")


def raise_open_files() -> str:
    """Raises this process's limit of open files as far as allowed; returns what to do if that is
    too low, else ""."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY or hard >= FEW_FILES:
        return ""
    return (
        f"at most {hard} files may be open, {FEW_FILES} are advised: raise the hard limit "
        "(ulimit -Hn, nofile in limits.conf, --ulimit nofile=65536 of a container)"
    )


def check_shared_memory(needed: int) -> None:
    """Raises OSError where the processes of this machine, each with loaders that hold `needed`
    bytes, need more than its shared memory: loaders would die of a bus error."""
    if not SHARED_MEMORY.is_dir():
        return
    found = os.statvfs(SHARED_MEMORY)
    size, processes = found.f_blocks * found.f_frsize, int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if size < processes * needed:
        raise OSError(
            f"{SHARED_MEMORY} has {size / 1e9:.2g} GB and the loaders of {processes} processes "
            f"need about {processes * needed / 1e9:.2g}: enlarge it (mount -o remount,size=16G "
            f"{SHARED_MEMORY}; --shm-size=16g or --ipc=host of a container)"
        )
