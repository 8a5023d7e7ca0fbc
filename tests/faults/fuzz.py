"""Fuzz test of everything that reads data: mutated annotations, results, masks, images, paths.

    python -m tests.faults.fuzz --cases 3000 --seed 0

A case passes if it is refused in one line, or answered as tests.faults.oracle answers it. A case
can be repeated alone: it depends on the seed, its kind and its number. Prints counts by kind; exit
status 1 if any case ended in a traceback, took over 10 s, gave a wrong number or read outside the
root.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.fuzz_kinds import KINDS

REFUSALS = (ValueError, FileNotFoundError)  # what commands print as one line
LIMIT = 10  # seconds a case may take


class Hang(Exception):
    """Not an Exception that the code under test expects."""


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise Hang(f"over {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_case(case: Callable, kind: str, number: int, seed: int, folder: Path) -> str:
    """ "refused", "answered" or "no opinion"; anything else is a defect and says what happened."""
    rng = random.Random(f"{seed} {kind} {number}")
    try:
        with time_limit(LIMIT), contextlib.redirect_stderr(io.StringIO()):
            return case(rng, folder)
    except REFUSALS as error:
        text = str(error)
        return "refused" if text and "\n" not in text else f"not one line: {text!r}"
    except BaseException as error:  # whatever it is, the campaign goes on and reports it
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__name__}: {error}"


def campaign(cases: int, seed: int, folder: Path) -> tuple[dict[str, Counter[str]], list[str]]:
    """Outcomes by kind, and a line for each defect. The cases are shared out over the kinds."""
    outcomes: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    defects = []
    for number in range(-(-cases // len(KINDS))):
        for kind, case in KINDS.items():
            outcome = run_case(case, kind, number, seed, folder)
            known = outcome in ("refused", "answered", "no opinion")
            outcomes[kind][outcome if known else "DEFECT"] += 1
            if not known:
                defects.append(f"{kind} {number}: {outcome[:300]}")
    return outcomes, defects


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.process_time()
    with tempfile.TemporaryDirectory(prefix="tpr-fuzz-") as folder:
        outcomes, defects = campaign(options.cases, options.seed, Path(folder).resolve())
    print(f"seed {options.seed}")
    for kind, counts in outcomes.items():
        print(f"{kind:<24}{json.dumps(dict(sorted(counts.items())))}")
    total = sum(sum(counts.values()) for counts in outcomes.values())
    print("\n".join([f"{total} cases, {len(defects)} defects", *defects]))
    print(f"{time.process_time() - begin:.0f} s of process time")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
