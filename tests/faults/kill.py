"""Kill test: `kill -9` at random moments of a suite, each followed by a rerun.

    python -m tests.faults.kill --kills 50 --seed 0

A moment is a random time after a random step forward: a stage that begins, an iteration of a
training, a piece of an evaluation, a record, the making of tables. So nearly every start ends in a
kill, however slow the machine is. Half of them take the runner, half one of its workers. A suite
that got to its end is compared with an undisturbed one, and the next begins in an empty folder.
Prints a line a kill; exit status 1 at the first broken promise.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.faults.small_suite import (
    ALONE,
    RUN,
    SUITE,
    TABLES,
    make_suite,
    outcome,
    processes_of,
    run,
    start,
)

ORPHANS_MAY_LIVE = 10.0  # seconds; the kernel ends them at once, a busy machine notices later
AHEAD = 4  # marks to draw from: the next ones, so that a suite is killed several times


class Mark(NamedTuple):
    """A step forward: so many `lines` are in a file of a stage of `kind`, or just the file.

    latest: seconds from there to a kill, at most.
    """

    kind: str
    file: str
    lines: int = 0
    latest: float = 0.5

    @property
    def name(self) -> str:
        return f"{self.kind or 'tables'} {self.file} {self.lines or ''}".strip()

    def reached(self, root: Path) -> bool:
        folder = f"{self.kind}-*/" if self.kind else ""
        files = list((root / "runs" / "smoke").glob(folder + self.file))
        return any(count(path) >= self.lines for path in files)


def count(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except OSError:  # gone since
        return 0


ITERATIONS = [("log.jsonl", number) for number in (1, 2, 3)]
TRAINING = [("log.txt", 0), *ITERATIONS, ("record.json", 0)]
MARKS = [
    *(Mark(kind, file) for file in ("log.txt", "record.json") for kind in ("videos", "images")),
    *(Mark(kind, *step) for kind in ("pretrain", "train") for step in TRAINING),
    *(Mark("evaluate", file) for file in ("log.txt", "shards-*/*0.json", "record.json")),
    Mark("", "page.log", latest=3.0),
]


class BrokenPromise(AssertionError):
    """What a kill must not do."""


class KillTest:
    """Kills suites in `root` until `kills` moments are used up; `tally` counts what was hit."""

    def __init__(self, root: Path, kills: int, seed: int) -> None:
        self.root, self.kills, self.seed = make_suite(root), kills, seed
        self.moments = random.Random(seed)
        self.tally: Counter[str] = Counter()
        self.victims: Counter[str] = Counter()
        self.finished: dict[str, tuple] = {}

    def __call__(self) -> Counter[str]:
        self.complete(ALONE)
        self.expected = outcome(self.root)
        print(f"undisturbed: {len(self.expected)} values", flush=True)
        self.clear()
        for number in range(1, self.kills + 1):
            print(f"kill {number}: {self.kill()}", flush=True)
            self.check_nothing_twice()
        self.check_end()
        return self.tally

    def clear(self) -> None:
        for name in ("runs", "results"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        self.finished = {}

    def complete(self, code: str = SUITE) -> None:
        status, output = run(self.root, code)
        if status:
            raise BrokenPromise(f"the suite ended with status {status}:\n{output}")

    def kill(self) -> str:
        """One suite, killed shortly after a random step forward."""
        (self.root / "runs" / "smoke" / "page.log").unlink(missing_ok=True)
        ahead = [mark for mark in MARKS if not mark.reached(self.root)]
        process = start(self.root)
        if self.waits(process, self.moments.choice(ahead[:AHEAD])):
            return self.hit(process)
        output, _ = process.communicate(timeout=600)
        if process.returncode:
            raise BrokenPromise(f"the rerun failed:\n{output}")
        self.check_end()
        self.clear()
        return self.kill()

    def waits(self, process: subprocess.Popen, mark: Mark) -> bool:
        """Until shortly after the mark; False if the suite ends before."""
        self.mark, self.delay = mark, self.moments.uniform(0.0, mark.latest)
        while not mark.reached(self.root):
            if process.poll() is not None:
                return False
            time.sleep(0.01)
        try:
            process.wait(self.delay)
        except subprocess.TimeoutExpired:
            return True
        return False

    def hit(self, process: subprocess.Popen) -> str:
        """kill -9 of the runner, or of one of its processes where there is one and it is due."""
        others = {k: v for k, v in processes_of(self.root).items() if k != process.pid}
        names = {pid: self.name(pid, process.pid, others) for pid in (process.pid, *sorted(others))}
        due = others and self.victims["worker"] < self.victims["runner"]
        victim = min(others, key=lambda pid: self.tally[names[pid]]) if due else process.pid
        name = names[victim]
        self.victims[name.split()[0]] += 1
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            name += " (had just ended)"
        output, _ = process.communicate(timeout=600)
        if "Traceback" in output:
            raise BrokenPromise(f"the runner ended with a traceback:\n{output}")
        self.check_no_orphans()
        self.tally[name] += 1
        drafts = len(list(self.root.rglob("*.tmp")))
        after = f"{self.delay:.2f} s after {self.mark.name}"
        return f"{name}, {after}; {len(self.records())} stages done, {drafts} drafts"

    def name(self, victim: int, runner: int, others: dict[int, list[str]]) -> str:
        if victim == runner:
            busy = sorted({self.stage(command) for command in others.values()} - {""})
            return f"runner during {' and '.join(busy)}" if busy else "runner between stages"
        return f"worker {self.stage(others[victim])}".strip()

    def stage(self, command: list[str]) -> str:
        """ "train", "tables", ... of a command line."""
        folders = [Path(part).name for part in command if "/runs/smoke/" in part]
        if folders:
            return folders[0].split("-")[0]
        return "tables" if TABLES in command else ""

    def check_no_orphans(self) -> None:
        deadline = time.monotonic() + ORPHANS_MAY_LIVE
        while left := processes_of(self.root):
            if time.monotonic() > deadline:
                raise BrokenPromise(f"orphans: {left}")
            time.sleep(0.02)

    def records(self) -> list[Path]:
        return sorted((self.root / "runs" / "smoke").glob("*/record.json"))

    def check_nothing_twice(self) -> None:
        """A stage with a record is never started again, its record never written again."""
        for path in self.records():
            log = path.with_name("log.txt").read_text()
            state = (path.stat().st_mtime_ns, path.stat().st_ino, log.count(" start: "))
            if self.finished.setdefault(path.parent.name, state) != state:
                raise BrokenPromise(f"{path.parent.name} ran again after it had finished")

    def check_end(self) -> None:
        """The suite goes on to its end, with equal results and no drafts left in its stages."""
        self.check_nothing_twice()
        self.complete()
        self.check_nothing_twice()
        found = outcome(self.root)
        wrong = [k for k in self.expected if found.get(k) != self.expected[k]]
        if wrong or len(found) != len(self.expected):
            raise BrokenPromise(f"other results than undisturbed: {wrong or sorted(found)}")
        drafts = list(self.root.rglob("*.tmp"))
        if drafts:
            raise BrokenPromise(f"drafts left behind: {drafts}")
        self.tally["suites compared"] += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tpr-kill-") as folder:
        print(f"run {RUN}, {options.kills} kills, seed {options.seed}")
        try:
            tally = KillTest(Path(folder).resolve(), options.kills, options.seed)()
        except BrokenPromise as error:
            print(f"FAILED: {error}")
            return 1
    for name, count in sorted(tally.items()):
        print(f"{count:4} {name}")
    print("passed: results bit-identical, no finished stage again, no orphan, no draft left")
    return 0


if __name__ == "__main__":
    sys.exit(main())
