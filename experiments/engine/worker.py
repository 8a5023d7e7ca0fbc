"""Runs one stage in its own process: `python -m experiments.engine.worker FOLDER`.

FOLDER holds stage.json (see Stage.request); the result is FOLDER/record.json, written last.
Exit status: 0 finished, 75 another process is running the stage, 74 no space left on the disk,
anything else failed.

Started as several processes by torchrun or Slurm (tpr.parallel.distributed names the variables),
all of them run the stage's body together; the first holds the lock and writes the record.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from experiments.engine import rank_errors
from experiments.engine.disk import NO_SPACE, is_full, told
from experiments.engine.environment import now, packages, repeats
from experiments.engine.lock import file_lock
from experiments.engine.orphans import end_with_parent
from experiments.engine.stage_code import WORDS, Code, StageCode
from experiments.stages import failures
from experiments.stages.json_files import Record, read_json, write_json
from experiments.stages.layout import ROOT
from experiments.stages.outputs import damage, read_record, sealed, take_stock
from experiments.stages.progress import Log, QuietLog
from experiments.stages.stage import finished_folder
from tpr.devices.machine_record import git_state, hardware

BUSY = 75
STAGE_BODIES = "experiments.pipeline.stage_bodies"  # the suite's own


def run_stage(folder: Path, stages: str, patience: float = 0) -> int:
    """Runs the stage of `folder` unless it is finished or running elsewhere.

    stages: name of the module whose functions BODIES are the stages; patience: seconds to wait for
    one that runs elsewhere.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:  # need not load torch
        rank_errors.forget_before(folder)
        return run_and_record(folder, stages, patience)
    from tpr.parallel.distributed import from_main, is_main, process_group

    with rank_errors.noting(folder), process_group(partial(rank_errors.note, folder)):
        if is_main():
            return run_and_record(folder, stages, patience, begin=from_main)
        return assist(folder, stages, status=from_main(None))


def run_or_tell(folder: Path, stages: str) -> int:
    """`run_stage`; an error of a full disk becomes one line and exit status 74."""
    try:
        return run_stage(folder, stages)
    except Exception as error:
        if not is_full(error):
            raise
        print(f"error: {told(error)}", file=sys.stderr)
        return NO_SPACE


def run_and_record(
    folder: Path,
    stages: str,
    patience: float,
    begin: Callable[[int | None], object] = lambda status: status,
) -> int:
    """Runs the stage under its lock and writes its record.

    begin: called before the body runs with None, or, where the body will not run, with the exit
    status.
    """
    with file_lock(folder.parent / ".locks" / folder.name, patience=patience) as mine:
        if not mine:
            begin(BUSY)
            return BUSY
        request = read_request(folder)
        for draft in folder.rglob(".*.tmp"):  # of a process that was killed while it wrote
            if not draft.name.startswith(".stage.json."):  # that one is the runner's
                draft.unlink()
        done = read_record(folder) or {}
        if done.get("key") == request["key"] and not damage(folder, done, thorough=False):
            begin(0)
            return 0
        code = code_at_work(request, folder.parent, stages)
        begin(None)
        (folder / failures.FILE).unlink(missing_ok=True)
        try:
            record = compute(request | {"code": code}, folder, stages)
            write_json(folder / "record.json", sealed(record | {"outputs": take_stock(folder)}))
        except FloatingPointError as error:
            failures.note(folder, request["key"], error, now())
            raise
    return 0


def code_at_work(request: Record, runs: Path, stages: str) -> Code:
    """The code that makes the stage: today's, and by role the code of its inputs as they are.

    Raises ValueError if that is not the code that the stage was planned with: this process may
    already have loaded parts of the old code, so its result would be of neither.
    """
    digest = StageCode(stages).body_digest(request["stage"], request["spec"])
    planned = request.get("code") or {}
    if planned and planned["sha256"] != digest:
        raise ValueError(
            f"the code of {WORDS[request['stage']]} changed after this was planned: the same "
            "command plans it again"
        )
    inputs = find_inputs(request, runs)
    codes = {role: (read_record(path) or {}).get("code") for role, path in inputs.items()}
    began = {"began": planned["began"]} if "began" in planned else {}
    return {"sha256": digest, "inputs": codes} | began


def assist(folder: Path, stages: str, status: int | None) -> int:
    """A further process of a stage runs its share of the body.

    status: the exit status that the first process decided on before the body, None if the body
    runs.
    """
    if status is not None:
        return status
    request = read_request(folder)
    run_body(request, find_inputs(request, folder.parent), folder, stages, QuietLog())
    return 0


def read_request(folder: Path) -> Record:
    request = read_json(folder / "stage.json")
    if request is None:
        raise FileNotFoundError(f"{folder}/stage.json is missing")
    return request


def compute(request: Record, folder: Path, stages: str) -> Record:
    """Runs the stage's body and returns the record."""
    inputs = find_inputs(request, folder.parent)
    datasets = [(read_record(path) or {}).get("dataset") for path in inputs.values()]
    log, started, git = Log(folder), now(), git_state(ROOT)
    log.info(f"start: {request['stage']} {request['name']}")
    metrics = run_body(request, inputs, folder, stages, log)
    log.info("finished")
    machine = hardware()
    return request | {
        "metrics": metrics,
        "dataset": metrics.get("fingerprint") or next(filter(None, datasets), None),
        "seconds": round(log.elapsed, 2),
        "started": started,
        "finished": now(),
        "git": git,
        "packages": packages(),
        "hardware": machine,
        "repeats": repeats(machine["gpu"]),
    }


def run_body(
    request: Record, inputs: dict[str, Path], folder: Path, stages: str, log: Log | QuietLog
) -> Record:
    return import_module(stages).BODIES[request["stage"]](request["spec"], inputs, folder, log)


def find_inputs(request: Record, runs: Path) -> dict[str, Path]:
    """Folders of the finished input stages by role.

    Raises FileNotFoundError if one is not there, ValueError if its files were modified after the
    plan, which has verified their checksums.
    """
    inputs = {}
    for role, key in request["inputs"].items():
        folder = finished_folder(runs, key)
        if folder is None:
            raise FileNotFoundError(f"the input {role} ({key[:12]}) is not finished")
        found = damage(folder, read_record(folder) or {}, thorough=False)
        if found:
            raise ValueError(f"{folder}: {found}; the same command makes it again")
        inputs[role] = folder
    return inputs


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m experiments.engine.worker", description=__doc__
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stages", default=STAGE_BODIES, help="module with the stages")
    parser.add_argument("--parent", type=int, help="process to end with")
    options = parser.parse_args()
    if options.parent is not None:
        end_with_parent(options.parent)
    return run_or_tell(options.folder, options.stages)


if __name__ == "__main__":
    sys.exit(main())
