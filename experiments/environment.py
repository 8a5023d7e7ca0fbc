"""What a record says about where its numbers come from."""

from __future__ import annotations

import itertools
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from .layout import ROOT

# what is written while the suite runs, or cannot change its numbers
NOT_SOURCES = (":!results", ":!reports", ":!weights", ":!docs", ":!README.md")


def git_state(root: Path = ROOT) -> dict[str, Any]:
    """Commit and whether sources differ from it; None where there is no git."""
    commit = _output(["git", "rev-parse", "HEAD"], root)
    changes = _output(["git", "status", "--porcelain", "--", ".", *NOT_SOURCES], root)
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def _output(command: list[str], folder: Path) -> str | None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def packages(root: Path = ROOT) -> dict[str, str]:
    """Installed versions of Python, the packages of requirements.txt and detectron2."""
    names = re.findall(
        r"^([\w.-]+)==", (root / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
    versions = {"python": platform.python_version()}
    for name in [*names, "detectron2", "sal-detectron2"]:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def hardware() -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "threads": int(os.environ.get("OMP_NUM_THREADS", 0)) or None,
        "processes": int(os.environ.get("WORLD_SIZE", "1")),  # that ran the stage together
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": gpu_name(),
    }


def repeats(gpu: str | None) -> dict[str, str]:
    """What a second run of the stage with the same seed gives, here and elsewhere."""
    here = "bit-identical metrics, with the same packages, threads and processes"
    return {
        "this_machine": "not guaranteed: a GPU adds in any order" if gpu else here,
        "other_machines": "not guaranteed: another processor or GPU, other packages, threads or "
        "processes may round differently, and training amplifies that",
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus() -> int:
    """GPUs that this process may use, found without loading torch.

    As CUDA counts them: of the list in CUDA_VISIBLE_DEVICES those before the first that is none;
    and one only where GPUs are cut into instances (MIG), as a process can use but one of these.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        found = list(itertools.takewhile(lambda name: name not in ("", "-1"), names))
    else:
        lines = (_output(["nvidia-smi", "-L"], ROOT) or "").splitlines()
        found = [line.strip() for line in lines if line.strip().startswith(("GPU ", "MIG "))]
    return 1 if any(name.startswith("MIG") for name in found) else len(found)


def cpu_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def gpu_name() -> str | None:
    """The GPU that the stage could use; stages that never loaded torch used none."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch and torch.cuda.is_available() else None
