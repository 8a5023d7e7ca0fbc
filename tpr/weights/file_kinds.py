"""The kind of file at a path that should be a checkpoint, by its first bytes."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

from tpr.file_heads import HEAD, Other, other_kind
from tpr.terminal import printable

Kind = Literal["zip", "pickle", "safetensors"]

ZIP = b"PK\x03\x04"
OTHERS = {
    b"\x89HDF": Other("an HDF5 file (Keras)", "PyTorch weights are needed"),
    b"\x93NUMPY": Other("a single NumPy array", "PyTorch weights are needed"),
}
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
    if head.startswith(ZIP):
        return "zip"
    own = next((other for magic, other in OTHERS.items() if head.startswith(magic)), None)
    if other := own or other_kind(head):
        raise ValueError(f"{path} is {other.what}, not a checkpoint: {other.fix}")
    if (head[:1] == b"\x80" and head[1:2] in b"\1\2\3\4\5") or path.suffix in (".pkl", ".pickle"):
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
    """The first bytes, as text if they are text, for a message."""
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return f"the bytes {head[:8].hex(' ')}"
    return f"the text {printable(text[:40])!r}"
