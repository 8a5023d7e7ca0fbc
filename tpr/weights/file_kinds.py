"""What lies at a path that should be a checkpoint, told by its first bytes."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

from ..terminal import printable

Kind = Literal["zip", "pickle", "safetensors"]

HEAD = 512  # bytes that tell a file's kind
ZIP = b"PK\x03\x04"
POINTER = b"version https://git-lfs.github.com/spec/"
WEB_PAGE = (b"<!doctype html", b"<html", b"<head", b"<?xml")
OTHERS = (  # first bytes, what they are, and what to do
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"BZh", "a bzip2 archive", "unpack it first"),
    (b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"\x89HDF", "an HDF5 file (Keras)", "PyTorch weights are needed"),
    (b"\x93NUMPY", "a single NumPy array", "PyTorch weights are needed"),
    (b"\0" * 16, "all zeros at its beginning", "the download did not finish, repeat it"),
)
SPECIAL = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def kind_of(path: Path) -> Kind:
    """How a checkpoint is stored: "zip" (torch.save since 1.6), "pickle" (before that, or plain, as
    detectron2's .pkl) or "safetensors".

    Raises FileNotFoundError, or ValueError that says what else is there and what to do.
    """
    check_regular(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise ValueError(f"{path} is empty: download or copy it again")
    if head.startswith(POINTER):
        raise ValueError(f"{path} is a git-LFS pointer to the weights: `git lfs pull` fetches them")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(WEB_PAGE):
        raise ValueError(
            f"{path} is a web page, not a checkpoint: its address led to a login, a warning or an "
            "error; open it in a browser and save the file behind it"
        )
    for begin, what, remedy in OTHERS:
        if head.startswith(begin):
            raise ValueError(f"{path} is {what}, not a checkpoint: {remedy}")
    if head[257:262] == b"ustar":
        raise ValueError(f"{path} is a tar archive, not a checkpoint: unpack it first")
    if head.startswith(ZIP):
        return "zip"
    if head[:1] == b"\x80" and head[1:2] in b"\1\2\3\4\5" or path.suffix in (".pkl", ".pickle"):
        return "pickle"
    if int.from_bytes(head[:8], "little") < path.stat().st_size and head[8:9] == b"{":
        return "safetensors"
    raise ValueError(f"{path} is no checkpoint: it begins with {shown(head)}")


def check_regular(path: Path) -> None:
    """FileNotFoundError or ValueError for what is no regular file; nothing is opened."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(f"no checkpoint at {path}") from None
    except (OSError, ValueError) as error:  # a name too long, a loop of links, a NUL
        raise ValueError(f"{printable(path)} cannot be read ({error})") from None
    if stat.S_ISDIR(mode):
        raise ValueError(f"{path} is a folder: name the checkpoint in it")
    for test, what in SPECIAL:
        if test(mode):
            raise ValueError(f"{path} is {what}: checkpoints are read from regular files")


def shown(head: bytes) -> str:
    """The first bytes: as text where they are text."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return f"the bytes {head[:8].hex(' ')}"
    return f"the text {printable(text[:40])!r}"
