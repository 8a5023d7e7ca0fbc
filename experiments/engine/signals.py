"""Ctrl-C and SIGTERM: the first one stops the suite in order, those after it change nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Not an Exception, so that nothing on the way takes it for an error. status: to exit with."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raises Stopped in the block at the first signal and ignores the rest, from then on for good:
    what is left to do is to end the workers. A signal that was ignored before stays so (nohup)."""
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
    """For starting processes that are not to see Ctrl-C: they inherit that it is ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
