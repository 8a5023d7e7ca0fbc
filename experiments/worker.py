"""Runs one stage in its own process: `python -m experiments.worker FOLDER`.

FOLDER holds stage.json (see Stage.request); the result is FOLDER/record.json, written last.
Exit status: 0 finished, 75 another process is running the stage, anything else failed.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from .environment import git_state, hardware, packages
from .files import read_json, write_json
from .lock import file_lock
from .log import Log
from .orphans import end_with_parent

BUSY = 75


def run_stage(folder: Path, stages: str) -> int:
    """Runs the stage of `folder` unless it is finished or running elsewhere.

    stages: name of the module whose functions BODIES are the stages.
    """
    with file_lock(folder.parent / ".locks" / folder.name) as mine:
        if not mine:
            return BUSY
        request = read_json(folder / "stage.json")
        if request is None:
            raise FileNotFoundError(f"{folder}/stage.json is missing")
        for draft in folder.rglob(".*.tmp"):  # of a process that was killed while it wrote
            if not draft.name.startswith(".stage.json."):  # that one is the runner's
                draft.unlink()
        done = read_json(folder / "record.json") or {}
        if done.get("key") != request["key"]:
            write_json(folder / "record.json", compute(request, folder, stages))
    return 0


def compute(request: dict[str, Any], folder: Path, stages: str) -> dict[str, Any]:
    """Runs the stage's body and returns the record."""
    inputs = find_inputs(request, folder.parent)
    datasets = [read_json(path / "record.json").get("dataset") for path in inputs.values()]
    log, started, git = Log(folder), now(), git_state()
    log.info(f"start: {request['stage']} {request['name']}")
    body = import_module(stages).BODIES[request["stage"]]
    metrics = body(request["spec"], inputs, folder, log)
    log.info("finished")
    return request | {
        "metrics": metrics,
        "dataset": metrics.get("fingerprint") or next(filter(None, datasets), None),
        "seconds": round(log.elapsed, 2),
        "started": started,
        "finished": now(),
        "git": git,
        "packages": packages(),
        "hardware": hardware(),
    }


def find_inputs(request: dict[str, Any], runs: Path) -> dict[str, Path]:
    """Folders of the finished input stages by role. Raises FileNotFoundError if one is not."""
    inputs = {}
    for role, key in request["inputs"].items():
        folders = [
            path
            for path in runs.glob(f"*-{key[:12]}")
            if (read_json(path / "record.json") or {}).get("key") == key
        ]
        if not folders:
            raise FileNotFoundError(f"the input {role} ({key[:12]}) is not finished")
        inputs[role] = folders[0]
    return inputs


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m experiments.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default="experiments.stages", help="module with the stages")
    parser.add_argument("--parent", type=int, help="process to end with")
    options = parser.parse_args()
    if options.parent is not None:
        end_with_parent(options.parent)
    return run_stage(options.folder, options.stages)


if __name__ == "__main__":
    sys.exit(main())
