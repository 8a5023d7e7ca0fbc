"""What a record says about the machine, packages and commit that its numbers come from."""

from __future__ import annotations

import itertools
import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from experiments.stages.layout import ROOT
from tpr.devices.machine_record import output


def is_committed(path: Path, root: Path = ROOT) -> bool:
    """Whether the file is tracked by git, even if it is deleted from the disk."""
    return bool(output(["git", "ls-files", "--", str(path)], root))


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


def repeats(gpu: str | None) -> dict[str, str]:
    """In words, how exactly a second run of the stage with the same seed repeats its numbers, here
    and elsewhere."""
    here = "bit-identical metrics, with the same packages, threads and processes"
    return {
        "this_machine": "not guaranteed: a GPU adds in any order" if gpu else here,
        "other_machines": "not guaranteed: another processor or GPU, other packages, threads or "
        "processes may round differently, and training amplifies that",
    }


def now() -> str:
    """The current time in the format of records."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def gpus() -> int:
    """Number of GPUs that this process may use, found without loading torch.

    As CUDA counts them: those in CUDA_VISIBLE_DEVICES before the first invalid entry, and only one
    where GPUs are cut into instances (MIG), as a process can use only one of these.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = [name.strip() for name in visible.split(",")]
        found = list(itertools.takewhile(lambda name: name not in ("", "-1"), names))
    else:
        lines = (output(["nvidia-smi", "-L"], ROOT) or "").splitlines()
        found = [line.strip() for line in lines if line.strip().startswith(("GPU ", "MIG "))]
    return 1 if any(name.startswith("MIG") for name in found) else len(found)
