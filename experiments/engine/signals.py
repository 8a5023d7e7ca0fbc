"""Ctrl-C and SIGTERM: the first one stops the suite in order, later ones are ignored."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Raised at the first signal; no Exception, so that no handler of errors catches it.

    status: the exit status, 128 + the signal's number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Within the block the first signal raises Stopped; all later ones are ignored, even after the
    block, so that the workers can be ended.

    A signal that was ignored before stays ignored (nohup).
    """
    before = {number: signal.getsignal(number) for number in STOPPING}
    heeded = [number for number in STOPPING if before[number] is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in heeded:
            if signal.getsignal(number) is stop:
                signal.signal(number, before[number] or signal.SIG_DFL)


def stop(number: int, frame: object) -> NoReturn:
    for one in STOPPING:
        signal.signal(one, signal.SIG_IGN)
    raise Stopped(number)


@contextmanager
def ignoring_interrupts() -> Iterator[None]:
    """Within the block Ctrl-C is ignored; processes started there inherit this."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
