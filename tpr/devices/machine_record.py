"""What a record says about the code and the machine that its numbers come from."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# what is written while the suite runs, or cannot change its numbers
NOT_SOURCES = (":!results", ":!reports", ":!weights", ":!docs", ":!README.md")
# files that are not of the commit matter where they may be read as code or settings
NEW_SOURCES = (".py", ".c", ".yaml", ".yml", ".sh", ".txt", ".toml")


def git_state(root: Path) -> dict[str, Any]:
    """Commit and whether sources differ from it; None where there is no git.

    A new file that is no source, a log or a video, makes no difference.
    """
    commit = output(["git", "rev-parse", "HEAD"], root)
    found = ["git", "status", "--porcelain", "--untracked-files=all", "--", ".", *NOT_SOURCES]
    changes = output(found, root)
    if changes is None:
        return {"commit": commit, "dirty": None}
    return {"commit": commit, "dirty": any(map(changes_sources, changes.splitlines()))}


def changes_sources(line: str) -> bool:
    """Of a line of `git status --porcelain`."""
    return not line.startswith("??") or line.rstrip('"').endswith(NEW_SOURCES)


def output(command: Sequence[str], folder: Path) -> str | None:
    """What a command prints, None if it fails or is not there."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def hardware() -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "vectors": vectors(),
        "cores": cores(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or None,
        "processes": int(os.environ.get("WORLD_SIZE", "1")),  # that ran the stage together
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": gpu_name(),
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def vectors() -> str | None:
    """The vector instructions that torch computes with, as "AVX2" or "AVX512"; None for processes
    that never loaded torch. Sums round by them, and processors of one name may have either."""
    torch = sys.modules.get("torch")
    return torch.backends.cpu.get_cpu_capability() if torch else None


def gpu_name() -> str | None:
    """The GPU that this process could use; processes that never loaded torch used none."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None
