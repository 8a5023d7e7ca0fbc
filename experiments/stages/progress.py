"""Log and progress of a running stage."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from experiments.stages.json_files import Record, read_json, write_json

WRITE_EVERY, PRINT_EVERY = 0.5, 30.0  # seconds


class Log:
    """Lines go to the stage's log, progress to progress.json in its folder (for the runner)."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "progress.json"
        self.begin = time.monotonic()
        self.before = progress_of(folder).get("elapsed", 0.0)
        self.first: tuple[int, float] | None = None
        self.written = self.printed = float("-inf")

    @property
    def elapsed(self) -> float:
        """Seconds spent on the stage, those before an interruption included."""
        return self.before + time.monotonic() - self.begin

    def info(self, message: str) -> None:
        print(time.strftime("%H:%M:%S"), message, flush=True)

    def progress(self, done: int, total: int, **numbers: float) -> None:
        """done of total steps are finished; numbers are shown beside."""
        now = time.monotonic()
        self.first = self.first or (done, now)
        if now - self.written >= WRITE_EVERY or done == total:
            self.written = now
            self._write(done, total, self._eta(done, total, now), numbers)
        if now - self.printed >= PRINT_EVERY or done == total:
            self.printed = now
            values = "".join(f", {name} {value:.4g}" for name, value in numbers.items())
            self.info(f"{done}/{total}{values}")

    def _eta(self, done: int, total: int, now: float) -> float | None:
        start, begin = self.first or (done, now)
        return None if done <= start else (total - done) * (now - begin) / (done - start)

    def _write(self, done: int, total: int, eta: float | None, numbers: dict[str, float]) -> None:
        state = {"done": done, "total": total, "eta": eta, "elapsed": self.elapsed}
        state |= {"numbers": {k: f"{v:.4g}" for k, v in numbers.items()}}
        write_json(self.path, state, lasting=False)


def progress_of(folder: Path) -> Record:
    """What the log of a stage's folder last told of its progress, or {}."""
    found = read_json(folder / "progress.json") or {}
    eta, elapsed = found.get("eta"), found.get("elapsed")
    sound = (
        isinstance(found.get("done"), int)
        and isinstance(found.get("total"), int)
        and found["total"] > 0
        and isinstance(found.get("numbers"), dict)
        and isinstance(elapsed, float)
        and (eta is None or isinstance(eta, float))
    )
    return found if sound else {}


class QuietLog:
    """The log of a stage's further processes, which print nothing."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...


def write_to(path: Path) -> None:
    """Redirects the output of this process, and of those that it starts, to the end of a file."""
    with path.open("ab") as file:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(file.fileno(), stream.fileno())
