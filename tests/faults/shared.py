"""Real stages on a full disk, on a read-only one, and by two suites at once: results stay the same.

    python -m tests.faults.shared

The disk is a tmpfs of 2 MB, so this needs root. Prints what the suite said; exit status 1 at the
first broken promise.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.faults.small_suite import RUN, make_suite, outcome, run, start


class BrokenPromise(AssertionError):
    """What must not happen."""


def expect(truth: bool, promise: str) -> None:
    print(f"  {'kept' if truth else 'BROKEN'}: {promise}", flush=True)
    if not truth:
        raise BrokenPromise(promise)


def said(root: Path, output: str) -> None:
    """Errors as the suite printed them, without the folder's name."""
    lines = [x for x in output.splitlines() if "FAILED" in x or x.startswith(("error", "not run"))]
    for line in lines:
        print(f"  | {line.replace(str(root), 'ROOT')}")


def starts(root: Path) -> Counter[str]:
    """How often each stage's body began, by its log."""
    logs = (root / "runs" / "smoke").glob("*/log.txt")
    return Counter({path.parent.name: path.read_text().count(" start: ") for path in logs})


def records(root: Path) -> dict[str, bytes]:
    found = (root / "runs" / "smoke").glob("*/record.json")
    return {path.parent.name: path.read_bytes() for path in found}


def mount(folder: Path, options: str) -> None:
    call("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))


def call(*command: str) -> None:
    """Tries for a while: a killed process may not have closed its files yet."""
    for _ in range(100):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def full_disk(root: Path, expected: dict) -> None:
    """runs/ has 2 MB, later more."""
    stopped_on_disk(root, expected, "size=2m", "size=200m")


def read_only(root: Path, expected: dict) -> None:
    """runs/ becomes read-only after the pretraining, later writable again."""
    (root / "runs").mkdir()
    mount(root / "runs", "size=200m")
    process = start(root)
    while not [name for name in records(root) if name.startswith("pretrain")]:
        time.sleep(0.1)
    process.kill()
    process.communicate()
    stopped_on_disk(root, expected, "remount,ro", "rw")


def stopped_on_disk(root: Path, expected: dict, trouble: str, relief: str) -> None:
    (root / "runs").mkdir(exist_ok=True)
    mount(root / "runs", trouble)
    status, output = run(root)
    said(root, output)
    expect(status != 0 and "Traceback" not in output, f"status {status}, no traceback")
    before = records(root)
    mount(root / "runs", f"remount,{relief}")
    status, output = run(root)
    expect(status == 0, "the rerun succeeds")
    after = records(root)
    kept = all(after[name] == content for name, content in before.items())
    expect(kept, f"{len(before)} records from before are unchanged")
    expect(outcome(root) == expected, "all results equal those of an undisturbed suite")


def two_at_once(root: Path, expected: dict) -> None:
    """The same command twice at the same moment."""
    both = [start(root) for _ in range(2)]
    outputs = [process.communicate(timeout=900)[0] for process in both]
    shared = sum("another suite is running it" in output for output in outputs)
    print(f"  {shared} of them waited for stages of the other")
    expect([process.returncode for process in both] == [0, 0], "both end with status 0")
    expect(set(starts(root).values()) == {1}, f"each of {len(starts(root))} stages began once")
    expect(outcome(root) == expected, "all results equal those of an undisturbed suite")


def attempt(case: Callable[[Path, dict], None], expected: dict) -> None:
    print(f"{case.__name__}: {case.__doc__}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tpr-shared-") as folder:
        root = make_suite(Path(folder).resolve())
        try:
            case(root, expected)
        finally:
            while (root / "runs").is_mount():
                call("umount", str(root / "runs"))


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tpr-shared-") as folder:
        root = make_suite(Path(folder).resolve())
        run(root)
        expected = outcome(root)
    print(f"run {RUN}, undisturbed: {len(expected)} values", flush=True)
    try:
        for case in (full_disk, read_only, two_at_once):
            attempt(case, expected)
    except BrokenPromise:
        return 1
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
