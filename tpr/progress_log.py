"""The interface that trainings and inferences report their progress to."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """Takes lines of text and progress."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...
