"""Writes files that no reader ever sees half written, and that never overwrite an input."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, lasting: bool = True) -> Iterator[Path]:
    """A path beside `path` to write to; renamed to `path` when the block ends, else deleted.

    The folder is made where it is missing. lasting: not even a power cut leaves half a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield draft
        if lasting and draft.is_file():
            settle(draft)
        os.replace(draft, path)
        if lasting:
            settle(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Writes a whole file by `replacing`, text as UTF-8; returns its path."""
    with replacing(path) as draft:
        draft.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def check_outputs(outputs: Iterable[Path], inputs: Iterable[Path]) -> None:
    """ValueError if an output is one of the inputs, under whatever name, or another output, or
    cannot be a file.

    To be called before anything is written.
    """
    outputs, inputs = list(outputs), list(inputs)
    places = [output.resolve() for output in outputs]
    for at, output in enumerate(outputs):
        if places[at] in places[:at]:
            raise ValueError(f"{output}: two outputs would be written there: choose another one")
    for output in filter(Path.exists, outputs):
        if not output.is_file():
            raise ValueError(f"{output}: exists and is no file: choose another output")
        if any(output.samefile(one) for one in inputs if one.exists()):
            raise ValueError(f"{output}: is an input too and would be lost: choose another output")


def settle(path: Path) -> None:
    """Flushes a file, or the entries of a folder, to the disk; some file systems cannot."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(handle)


def read_text(path: Path) -> str:
    """Text of a regular file in UTF-8. Raises ValueError or OSError.

    Other kinds of files are refused: a pipe would be waited for, a device read for ever.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: is not a file")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text ({error})") from None


def remove(path: Path) -> None:
    """Removes a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Of a file's content, as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
