"""Results in pieces, written by several processes or calls, and read back in order."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tpr.files import remove, replacing
from tpr.parallel.distributed import gathered, is_main, rank, world_size


class ResultShards:
    """Pieces 0..count-1 as JSON files in a folder of `out`, which all processes must see.

    fingerprint: a checksum over all that the pieces depend on; pieces of anything else are deleted.
    missing: numbers of the pieces that this process is to make, as they are not there or damaged;
    damaged: how many of them are damaged.
    """

    def __init__(self, out: Path, fingerprint: str, count: int) -> None:
        self.folder, self.count = out / f"shards-{fingerprint[:12]}", count
        if is_main():
            for folder in out.glob("shards-*"):
                if folder != self.folder:
                    shutil.rmtree(folder)
        share = range(rank(), count, world_size())
        self.missing = [index for index in share if self.whole(index) is None]
        damaged = [path for path in map(self.path, self.missing) if path.exists()]
        for path in damaged:
            remove(path)
        self.damaged = len(damaged)

    def path(self, index: int) -> Path:
        return self.folder / f"{index:06}.json"

    def finished(self) -> list[int]:
        """The pieces that any process has made."""
        return [int(path.stem) for path in self.folder.glob("[0-9]*.json")]

    def write(self, index: int, piece: Any) -> None:
        """Writes a piece as a file of two lines: the checksum of the second, and the piece as
        JSON."""
        text = json.dumps(piece).encode()
        with replacing(self.path(index)) as draft:
            draft.write_bytes(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)

    def whole(self, index: int) -> bytes | None:
        """A piece as it was written; None where it is missing or damaged."""
        if not self.path(index).is_file():
            return None
        checksum, _, text = self.path(index).read_bytes().partition(b"\n")
        return text if hashlib.sha256(text).hexdigest().encode() == checksum else None

    def wait(self) -> None:
        """Waits until every process has written its pieces."""
        gathered(None)

    def read(self) -> Iterator[Any]:
        for index in range(self.count):
            text = self.whole(index)
            if text is None:
                raise ValueError(f"{self.path(index)} was damaged while the stage ran")
            yield json.loads(text)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
