"""A copy of the manifests in a temporary root, and the suite with fake stages on it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from experiments.stages.outputs import sealed
from experiments.stages.stage import Stage

REPOSITORY = Path(__file__).resolve().parents[2]


def stage(kind, name="", **inputs):
    return Stage(kind, name, "smoke", {"name": name}, inputs)


def make_root(folder: Path) -> Path:
    source = REPOSITORY / "experiments" / "manifests"
    shutil.copytree(source, folder / "experiments" / "manifests")
    return folder


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def start(root: Path, *arguments: str, **variables: str) -> subprocess.Popen:
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.helpers.suite_fakes",
            str(root),
            "--profile",
            "smoke",
            *arguments,
        ],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_interrupts,
    )


def as_of_a_clean_tree(root: Path) -> None:
    """Lets all records say that no source differed from the commit: in a tree that is being worked
    on some do, and nothing would ship."""
    for path in [*root.glob("runs/*/*/record.json"), *root.glob("results/*/*/**/*.json")]:
        record = json.loads(path.read_text())
        for part in [record, *record.values()]:
            if isinstance(part, dict) and "git" in part:
                part["git"]["dirty"] = False
        path.write_text(json.dumps(sealed(record) if "seal" in record else record))


def heed_interrupts() -> None:
    """Shells start background jobs, perhaps these tests, with SIGINT ignored: it is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def suite(root: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Exit status and output."""
    process = start(root, *arguments, **variables)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def values(root: Path) -> dict[str, str]:
    """The value of every finished stage by folder name."""
    records = sorted((root / "runs" / "smoke").glob("*/record.json"))
    return {path.parent.name: json.loads(path.read_text())["metrics"]["value"] for path in records}


def calls(root: Path, event: str) -> list[str]:
    """Folder names of the stages that began or ended, in order."""
    return [line.split()[1] for line in noted(root) if line.startswith(event)]


def noted(root: Path) -> list[str]:
    """What the stages noted: event, folder name and process."""
    path = root / "runs" / "smoke" / "calls.txt"
    return path.read_text().splitlines() if path.is_file() else []


def processes_of(root: Path) -> list[int]:
    """Processes whose command line names a path below root, and forked workers of its stages."""
    workers = {int(line.split()[2]) for line in noted(root)}
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command, pid = path.read_bytes(), int(path.parent.name)
        except OSError:
            continue
        if f"{root}/".encode() in command or (b"forkserver" in command and pid in workers):
            found.append(pid)
    return found
