"""How trainings, inferences and commands report their progress."""

from __future__ import annotations

import sys
from typing import Protocol


class Log(Protocol):
    """Takes lines of text and progress."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...


def print_videos(done: int, total: int) -> None:
    """Shows on one line of the terminal how many videos are finished."""
    if done % 20 == 0 or done == total:
        end = "\n" if done == total else ""
        print(f"\r{done}/{total} videos", end=end, file=sys.stderr, flush=True)
