"""What disks, copies and people do to a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def flip(path: Path) -> None:
    """One bit in the middle; neither size nor time changes."""
    found = path.stat()
    content = bytearray(path.read_bytes()) or bytearray(b"\0")
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def delete(path: Path) -> None:
    path.unlink()


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def nest_deeply(path: Path) -> None:
    path.write_text("[" * 100_000 + "]" * 100_000)


def garbage(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


HARMS: dict[str, Callable[[Path], None]] = {
    "flipped": flip,
    "truncated": truncate,
    "deleted": delete,
    "a folder": into_a_folder,
    "nested deeply": nest_deeply,
    "garbage": garbage,
}
