"""Every file of a small suite of real stages is flipped, cut off and deleted in turn.

    python -m tests.faults.every_file [--every N [--from K]] [--done FILE]

Four suites are taken: a finished one with its page, one stopped in its training, one stopped in its
evaluation, and one that starts from weights that ship. After each harm the suite runs again, and
once more without its evaluation, which then uses what is there. It must end well with the same
numbers; what is made again must be told in a line. Prints a line a file; exit status 1 if a promise
was broken. Needs a clean tree, because weights ship only from one.

It takes hours: N calls with `--every N --from 0`, `--from 1` and so on share the files, and a call
with `--done FILE` passes over those that FILE names, and adds to it those that kept their promise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from experiments import cli
from experiments.engine.worker import STAGE_BODIES, run_stage
from experiments.pipeline import libraries
from experiments.sources.reach import sources_below
from experiments.stages.layout import ROOT, Layout
from experiments.stages.progress import Log
from reports.build import build
from reports.figures.figure import recall
from tests.faults.damage import delete, flip, truncate
from tests.faults.small_suite import RUN, TIMES, digest, make_suite

HARMS = {"flipped": flip, "cut off": truncate, "deleted": delete}
PLACES = ("runs", "results", "reports", "weights")
ARGUMENTS = [RUN, "--profile", "smoke"]
STOPS = {"train": 3, "evaluate": 1}  # by kind of stage, after how many of its steps it is stopped


class Here:
    """A stage in this process."""

    def __init__(self, folder: Path, stages: str) -> None:
        try:
            self.status = run_stage(folder, stages)
        except Exception as error:
            (folder / "log.txt").write_text(f"{type(error).__name__}: {error}\n")
            self.status = 1

    def poll(self) -> int:
        return self.status

    def terminate(self) -> None: ...

    kill = terminate


class BuiltHere:
    """A page built in this process."""

    def __init__(self, layout: Layout) -> None:
        try:
            build(layout.profile, layout.root)
            self.status = 0
        except Exception as error:
            layout.runs.joinpath("page.log").write_text(f"{type(error).__name__}: {error}\n")
            self.status = 1

    def poll(self) -> int:
        return self.status

    wait = poll


def start_page(page: Any) -> None:
    page.building = page.key()
    page.process = BuiltHere(page.layout)


def stop_at(kind: str) -> None:
    """Lets a stage of this kind fail on its way."""
    progress = Log.progress

    def stopping(log: Log, done: int, total: int, **numbers: float) -> None:
        progress(log, done, total, **numbers)
        if log.path.parent.name.startswith(f"{kind}-") and done >= STOPS[kind]:
            raise RuntimeError("stopped")

    Log.progress = stopping


def in_child(work: Callable[[], int]) -> tuple[int, str]:
    """Status and output of some work in a process of its own that has the libraries loaded."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        pid = os.fork()
        if pid == 0:
            with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                try:
                    status = work()
                except BaseException as error:
                    print(f"{type(error).__name__}: {error}")
                    status = 70
                output.flush()
            os._exit(status)
        _, status = os.waitpid(pid, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


def suite(root: Path, *arguments: str) -> tuple[int, str]:
    return in_child(lambda: cli.main([*arguments, *ARGUMENTS], root=root))


def numbers(root: Path) -> dict[str, Any]:
    """All that a suite is run for."""
    (path,) = (root / "results" / "smoke" / "records").glob("*.json")
    record = json.loads(path.read_text())
    parts = {kind: record[kind]["metrics"] for kind in ("evaluate", "train", "pretrain")}
    found: dict[str, Any] = {
        f"{kind} {name}": value
        for kind, metrics in parts.items()
        for name, value in metrics.items()
        if name not in TIMES
    }
    paths = [*root.glob("results/smoke/tables/*.csv"), *root.glob("runs/smoke/e*/results.json")]
    return found | {path.name: digest(path) for path in paths}


def made(root: Path) -> dict[str, str]:
    """When each stage but the evaluation was finished."""
    found = {}
    for path in (root / "runs" / "smoke").glob("*/record.json"):
        with contextlib.suppress(ValueError):
            if not path.parent.name.startswith("evaluate-"):
                found[path.parent.name] = str(json.loads(path.read_bytes()).get("finished"))
    return found


def problems(root: Path, expected: dict[str, Any]) -> Iterator[str]:
    """What is broken after a harm."""
    for what in ("again", "without its evaluation"):
        if what != "again":
            for folder in (root / "runs" / "smoke").glob("evaluate-*"):
                shutil.rmtree(folder)
        before = made(root)
        status, output = suite(root)
        if status != 0:
            yield f"{what}: status {status}: {output.strip().splitlines()[-1:]}"
            return
        found = numbers(root)
        names = [name for name in expected if found.get(name) != expected[name]]
        if what == "again" and names == ["results.json"]:  # which nothing uses of a finished suite
            names = []
        if names:
            yield f"{what}: other numbers: {', '.join(names)}"
        again = [name for name, time in before.items() if made(root).get(name) != time]
        if again and "note: " not in output and "will run: " not in output:
            yield f"{what}: {', '.join(again)} was made again without a line"
        notes = sorted((root / "reports" / "smoke" / "figures").glob("*.json"))
        for note in notes:
            if not any(recall(note.parent, note.stem + end) for end in (".png", ".jpg", ".jsonl")):
                yield f"{what}: the figure {note.stem} is not as it was drawn"


def files(root: Path) -> list[Path]:
    found = [path for place in PLACES for path in sorted((root / place).rglob("*"))]
    found = [path.relative_to(root) for path in found if path.is_file() and not path.is_symlink()]
    return [path for path in found if ".locks" not in path.parts]


def roots(folder: Path) -> Iterator[tuple[str, Path, list[Path]]]:
    """Name, root and the files to harm of each suite; the first is the finished one."""
    finished = make_suite(folder / "finished")
    for name in ("baselines", "tpr", "reports"):
        shutil.rmtree(finished / name)
    expect(suite(finished))
    yield "finished", finished, files(finished)
    for kind in STOPS:
        root = folder / kind
        shutil.copytree(finished, root, symlinks=True)
        for path in (root / "runs" / "smoke").glob("evaluate-*"):
            shutil.rmtree(path)
        for path in (root / "runs" / "smoke").glob(f"{kind}-*"):
            shutil.rmtree(path)

        def stopped(root: Path = root, kind: str = kind) -> int:
            stop_at(kind)
            return cli.main(ARGUMENTS, root=root)

        in_child(stopped)
        (begun,) = (root / "runs" / "smoke").glob(f"{kind}-*")
        assert not (begun / "record.json").exists(), kind
        yield f"stopped in {kind}", root, [x for x in files(root) if begun.name in x.parts]
    root = folder / "shipping"
    shutil.copytree(finished, root, symlinks=True)
    expect(in_child(lambda: cli.main(["ship-weights", "--profile", "smoke"], root=root)))
    shutil.rmtree(root / "runs")
    yield "from weights that ship", root, [x for x in files(root) if x.parts[0] == "weights"]


def harmed(root: Path, path: Path, case: Path, expected: dict[str, Any]) -> dict[str, list[str]]:
    """What each harm to a file breaks, of those that break something; case: a folder to use."""
    broken: dict[str, list[str]] = {}
    for harm, hurt in HARMS.items():
        shutil.copytree(root, case, symlinks=True)
        hurt(case / path)
        if lines := list(problems(case, expected)):
            broken[harm] = lines
        shutil.rmtree(case)
    return broken


def remembered(path: Path | None) -> set[str]:
    """Suites' names and files that an earlier call has done."""
    return set(path.read_text().splitlines()) if path and path.is_file() else set()


def expect(done: tuple[int, str]) -> None:
    if done[0] != 0:
        raise AssertionError(done[1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.every_file", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth file only")
    parser.add_argument("--from", type=int, default=0, metavar="K", dest="first", help="the first")
    parser.add_argument("--done", type=Path, metavar="FILE", help="where what is done is kept")
    options = parser.parse_args()
    done = remembered(options.done)
    assert libraries and sources_below(ROOT).reach([(STAGE_BODIES, "BODIES")])  # before the forks
    cli.Suite.start = lambda self, stages: partial(Here, stages=stages)
    cli.Page.start = start_page
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        expected: dict[str, Any] = {}
        for name, root, paths in roots(Path(folder)):
            expected = expected or numbers(root)
            chosen = paths[options.first :: options.every]
            print(f"{name}: {len(chosen)} of {len(paths)} files", flush=True)
            for path in chosen:
                if (line := f"{name}: {path}") in done:
                    continue
                broken = harmed(root, path, Path(folder) / "case", expected)
                counts["broken"] += len(broken)
                counts["kept"] += len(HARMS) - len(broken)
                for harm, lines in broken.items():
                    print(*(f"BROKEN {line} {harm}: {one}" for one in lines), sep="\n")
                print(line, flush=True)
                if options.done and not broken:
                    with options.done.open("a") as kept:
                        kept.write(f"{line}\n")
    print(f"{counts['kept']} harms kept their promise, {counts['broken']} did not")
    return 1 if counts["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
