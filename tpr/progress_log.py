"""Where a training or an inference tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """Where progress goes."""

    def info(self, message: str) -> None: ...

    def progress(self, done: int, total: int, **numbers: float) -> None: ...
