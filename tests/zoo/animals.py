"""What people hand to a command in place of the file that it wants: a line an animal.

Each is a function that makes it at a path, where nothing lies yet.
"""

from __future__ import annotations

import gzip
import os
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

Animal = Callable[[Path], object]


def content(data: bytes) -> Animal:
    return lambda path: path.write_bytes(data)


def picture(ending: str) -> bytes:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return cv2.imencode(ending, image)[1].tobytes()


def png(width: int, height: int) -> bytes:
    """A PNG file that says it is so large, and ends after that."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + check


def mp4(length: int = 4000) -> bytes:
    """The first bytes of a film: the boxes that say where everything lies come last."""
    return struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"isom", 512, b"isom", b"mp41") + bytes(length)


def bomb(path: Path) -> None:
    """A zip file of some kB that holds 64 MB of zeros, twice the name that it should have."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("results.json", b"[" + bytes(64 * 2**20))


def loop(path: Path) -> None:
    path.symlink_to(path.name)


class Code:
    """A pickle that would run a command."""

    def __reduce__(self) -> tuple:
        return os.system, ("touch /tmp/tpr-zoo-was-here",)


ANIMALS: dict[str, Animal] = {
    "nothing": lambda path: None,
    "an empty file": content(b""),
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "a link that leads nowhere": lambda path: path.symlink_to("gone"),
    "a link to itself": loop,
    "a line break": content(b"\n"),
    "random bytes": content(np.random.default_rng(1).bytes(3000)),
    "zeros": content(bytes(3000)),
    "HTML": content(b"<!DOCTYPE html><html><body>404: Not Found</body></html>"),
    "text in UTF-16": content("not what you think \u4eba".encode("utf-16")),
    "text in Latin-1": content("caf\xe9".encode("latin-1")),
    "a Git LFS pointer": content(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
    "a JSON number": content(b"12"),
    "a JSON object of another kind": content(b'{"a": 1}'),
    "a JSON list of another kind": content(b'[[1], "x", null]'),
    "JSON cut off": content(b'{"videos": [{"id": 1, "width"'),
    "JSON nested 100,000 deep": content(b"[" * 100_000 + b"]" * 100_000),
    "JSON with an endless number": content(b"[" + b"9" * 10_000 + b"]"),
    "a JPEG cut off": content(picture(".jpg")[:200]),
    "a PNG cut off": content(picture(".png")[:200]),
    "a PNG of 200,000 x 200,000": content(png(200_000, 200_000)),
    "a film cut off": content(mp4()),
    "a zip bomb": bomb,
    "gzip": content(gzip.compress(b"[]")),
    "a pickle with code": content(pickle.dumps(Code())),
}
