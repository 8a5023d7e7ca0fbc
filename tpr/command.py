"""What every command does with its streams, its errors (one line each), Ctrl-C and closed pipes.
    @command
    def main(arguments: Sequence[str] | None = None) -> int: ...

Readers raise ValueError or OSError, with a message for users, for whatever is wrong with an input;
these end here. Any other exception is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import locale
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO, overload

from tpr.extras import missing
from tpr.terminal import printable

LONGEST = 1000  # characters of a message
INTERRUPTED, PIPE_CLOSED = 130, 141  # exit statuses, as a shell reports these signals
ROOT = Path(__file__).resolve().parent.parent
OURS = ("tpr", "baselines", "experiments", "reports")


def told(error: Exception) -> str:
    """The message of an error as one line, with the input that it concerns."""
    if isinstance(error, MemoryError):
        return "not enough memory for this input"
    if isinstance(error, UnicodeEncodeError):
        name = locale.getlocale()[1] or sys.getfilesystemencoding()
        return f"{error.object!r} cannot be written in this locale ({name}): set PYTHONUTF8=1"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return f"{error or type(error).__name__}{place(error)}"


def place(error: Exception) -> str:
    """Where a library raised an error that no reader of ours has put into words; else empty."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    path = Path(trace.tb_frame.f_code.co_filename)
    if path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in OURS:
        return ""
    return f" ({type(error).__name__} in {path}:{trace.tb_lineno})"


@overload
def command(main: Callable[..., int | None]) -> Callable[..., int]: ...


@overload
def command(
    *, failed: int = 1, told: Callable[[Exception], str] = told
) -> Callable[[Callable[..., int | None]], Callable[..., int]]: ...


def command(
    main: Callable[..., int | None] | None = None,
    *,
    failed: int = 1,
    told: Callable[[Exception], str] = told,
) -> Callable[..., Any]:
    """Decorates the main function of a command, which then returns its exit status.

    failed: the status after a ValueError or OSError; told: makes the line of one.
    """
    if main is None:
        return functools.partial(command, failed=failed, told=told)

    @functools.wraps(main)
    def guarded(*arguments: object, **options: object) -> int:
        open_streams()
        try:
            with contextlib.redirect_stdout(Output(sys.stdout)):
                try:
                    return main(*arguments, **options) or 0
                finally:
                    sys.stdout.flush()
        except BrokenPipeError:
            return silenced(PIPE_CLOSED)
        except KeyboardInterrupt:
            say("\nInterrupted")
            return INTERRUPTED
        except UnwritableError as error:
            say(f"error: {error}")
            return silenced(failed)
        except ModuleNotFoundError as error:
            if (line := missing(error)) is None:
                raise
            say(f"error: {line}")
            return failed
        except (ValueError, OSError, MemoryError) as error:
            say(f"error: {printable(told(error), LONGEST)}")
            return failed

    return guarded


class UnwritableError(OSError):
    """Standard output takes no more."""


class Output:
    """A stream whose errors say that it, not some file, could not be written."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.failed: UnwritableError | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        return self.attempt(self.stream.write, text)

    def flush(self) -> None:
        """Raises what a write raised before, too: argparse ignores it."""
        if self.failed:
            raise self.failed
        self.attempt(self.stream.flush)

    def attempt(self, action: Callable[..., Any], *arguments: str) -> Any:
        try:
            return action(*arguments)
        except BrokenPipeError:
            raise
        except OSError as error:
            text = f"standard output cannot be written: {error.strerror}"
            self.failed = UnwritableError(text)
            raise self.failed from None


def say(line: str) -> None:
    """Prints a line on standard error, if that is open."""
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def open_streams() -> None:
    """Opens standard streams that were closed as /dev/null; characters that a stream cannot encode
    are escaped.

    Otherwise the next file to be opened would get the number of a closed stream, and everything
    that is printed would go into it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - stays open
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")


def silenced(status: int) -> int:
    """Redirects standard output and errors to /dev/null if they fail, so that Python's last flush
    raises nothing; returns `status`."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    return status


def natural(text: str, least: int = 0, most: int = 2**32 - 1) -> int:
    """A whole number on a command line, from `least` to `most`: what fits in 32 bits."""
    if not (text.isdecimal() and len(text) < 11 and least <= int(text) <= most):
        shown = repr(printable(text, 40))
        raise argparse.ArgumentTypeError(f"{shown} is not a whole number from {least} to {most}")
    return int(text)


def positive(text: str) -> int:
    return natural(text, 1)


def finite(text: str) -> float:
    """A number on a command line, neither NaN nor infinite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{printable(text, 40)!r} is not a finite number")
    return value


def fraction(text: str) -> float:
    """A number from 0 to 1 on a command line."""
    value = finite(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{printable(text, 40)!r} is not a number from 0 to 1")
    return value
