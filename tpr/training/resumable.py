"""A training's state on disk, with checksums; the last two states are kept, as one may be
damaged."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tpr.files import remove, replacing
from tpr.parallel.distributed import is_main
from tpr.weights import checkpoint

LAST, BEFORE = "checkpoint.pt", "checkpoint.previous.pt"
MARK = b"\nsha256 "  # then the checksum, at the end of the file, where torch.load ignores it
MARKED = len(MARK) + 64


def save_state(state: dict[str, Any], folder: Path) -> None:
    """Writes folder/checkpoint.pt; the one that lies there becomes checkpoint.previous.pt."""
    with replacing(folder / LAST) as draft:
        with draft.open("wb") as file:
            torch.save(state, file)
        with draft.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        with draft.open("ab") as file:
            file.write(MARK + checksum.encode())
        if (folder / LAST).is_file():
            os.replace(folder / LAST, folder / BEFORE)


def load_state(folder: Path, tell: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest undamaged state, or None. tell: gets a line for each damaged one."""
    for name in (LAST, BEFORE):
        path = folder / name
        if not path.exists():
            continue
        try:
            check(path)
            state = checkpoint.load(path)
            if "history" not in state:
                raise ValueError(f"{path} is of an earlier version")
            return state
        except (ValueError, OSError) as error:
            older = name == LAST and (folder / BEFORE).exists()
            tell(f"{error}: {'going on from the one before' if older else 'starting over'}")
            if is_main():
                remove(path)
    return None


def check(path: Path) -> None:
    """Raises ValueError for a file that was modified since it was written. Files without a
    checksum, from before there were any, pass."""
    content = path.read_bytes()
    checksum = content[-64:]
    if content[-MARKED:-64] != MARK:
        return
    if hashlib.sha256(memoryview(content)[:-MARKED]).hexdigest().encode() != checksum:
        raise ValueError(f"{path} is damaged (sha256 differs)")


def remove_states(folder: Path) -> None:
    for name in (LAST, BEFORE):
        (folder / name).unlink(missing_ok=True)
