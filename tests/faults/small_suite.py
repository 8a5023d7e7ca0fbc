"""A copy of the suite with one tiny run in it: every stage is the real one; tables but no page.

`make_suite(folder)` copies the sources and cuts the profile `smoke` down, so that a whole suite
takes a few seconds beyond the imports. Nothing outside `folder` is written.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = "blendmask-r50+tpr"
SOURCES = ("baselines", "experiments", "reports", "tpr", "requirements.txt")
TABLES = (
    "from experiments.stages.layout import Layout; from reports.csv_files import write_csv_files; "
    "from reports.evidence.load import load; "
    "write_csv_files(load(Layout('smoke')), Layout('smoke'))"
)
SUITE = f"import sys; from experiments.cli import main; sys.exit(main(page=['-c', {TABLES!r}]))"
# the same with every stage in the runner's own process, which imports torch but once
ALONE = f"""
import sys
from experiments import cli
from experiments.engine.worker import run_stage

class Here:
    def __init__(self, folder, stages, **settings):
        self.status = run_stage(folder, stages)

    def poll(self):
        return self.status

    def terminate(self): ...

    kill = terminate

cli.Worker = Here
sys.exit(cli.main(page=['-c', {TABLES!r}]))
"""
TIMES = ("frames_per_second", "seconds_per_iteration")  # what two runs may differ in


def make_suite(folder: Path) -> Path:
    """Sources, manifests of RUN alone and a cut-down profile `smoke`."""
    for name in SOURCES:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(
                REPOSITORY / name,
                folder / name,
                ignore=shutil.ignore_patterns("__pycache__", "*.jpg", "*.html"),
            )
        else:
            shutil.copy(REPOSITORY / name, folder / name)
    manifests = folder / "experiments" / "manifests"
    for path in [*manifests.glob("tables/*.yaml"), *manifests.glob("profiles/*.yaml")]:
        if path.name not in ("1a.yaml", "smoke.yaml"):
            path.unlink()
    for name in ("doses", "scale", "trackers"):
        (manifests / f"{name}.yaml").unlink()
    profile = manifests / "profiles" / "smoke.yaml"
    profile.write_text(yaml.safe_dump(cut_down(yaml.safe_load(profile.read_text()))))
    return folder


def cut_down(profile: dict[str, Any]) -> dict[str, Any]:
    """Fewer videos and iterations; a checkpoint after each of them, a shard a video."""
    profile["data"]["videos"]["train"] |= {"videos": 2, "frames": 3}
    profile["data"]["videos"]["val"] |= {"videos": 2, "frames": 3}
    profile["data"]["images"] |= {"videos": 4}
    profile["pretrain"] |= {"iterations": 4, "batch_size": 2}
    profile["train"] |= {"iterations": 4}
    profile["infer"] |= {"batch": 1}
    for stage in ("pretrain", "train"):
        profile[stage] |= {"checkpoint_every": 1, "log_every": 1}
    return profile


def start(root: Path, code: str = SUITE, **variables: str) -> subprocess.Popen:
    """The suite's command on its copy."""
    command = [sys.executable, "-c", code, RUN, "--profile", "smoke"]
    return subprocess.Popen(
        command,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"} | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(root: Path, code: str = SUITE, **variables: str) -> tuple[int, str]:
    """Exit status and output of a whole suite."""
    process = start(root, code, **variables)
    output, _ = process.communicate(timeout=600)
    return process.returncode, output


def outcome(root: Path) -> dict[str, Any]:
    """All that must be equal after two complete suites, by stage and file."""
    found: dict[str, Any] = {}
    for path in sorted((root / "runs" / "smoke").glob("*/record.json")):
        record = json.loads(path.read_text())
        metrics = {k: v for k, v in record["metrics"].items() if k not in TIMES}
        found[path.parent.name] = {"key": record["key"], "metrics": metrics}
    for path in sorted((root / "runs" / "smoke").glob("*/results.json")):
        found[f"{path.parent.name}/results.json"] = digest(path)
    for path in sorted((root / "runs" / "smoke").glob("*/log.jsonl")):
        found[f"{path.parent.name}/log.jsonl"] = digest(path)
    for path in sorted((root / "results" / "smoke" / "tables").glob("*.csv")):
        found[path.name] = digest(path)
    record = json.loads((root / "results" / "smoke" / "records" / f"{RUN}-seed0.json").read_text())
    found["published AP"] = record["evaluate"]["metrics"]["AP_draws"]
    assert len([name for name in found if "-" in name]) >= 5
    return found


def digest(path: Path) -> str:
    """Of a file's content; of a table without the rows of what two runs may differ in."""
    content = path.read_bytes()
    if path.suffix == ".csv":
        lines = content.splitlines()
        content = b"\n".join(x for x in lines if not any(f",{t},".encode() in x for t in TIMES))
    return hashlib.sha256(content).hexdigest()


def processes_of(root: Path) -> dict[int, list[str]]:
    """Command lines by process id of those that work in `root`."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(path / "cwd")).is_relative_to(root):
                command = (path / "cmdline").read_bytes().decode().split("\0")
                if command != [""]:  # a zombie
                    found[int(path.name)] = command
        except OSError:
            continue
    return found
