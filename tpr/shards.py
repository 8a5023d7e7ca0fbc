"""Results in pieces, made by several processes or over several calls, and read back in order."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .distributed import gathered, is_main, rank, world_size
from .files import replacing


class Shards:
    """Pieces 0..count-1 as JSON files in a folder of `out`, which all processes must see.

    fingerprint: of what the pieces depend on; pieces of anything else are deleted. own: the
    pieces that are missing and that this process is to make.
    """

    def __init__(self, out: Path, fingerprint: str, count: int) -> None:
        self.folder, self.count = out / f"shards-{fingerprint[:12]}", count
        if is_main():
            for folder in out.glob("shards-*"):
                if folder != self.folder:
                    shutil.rmtree(folder)
        self.own = [i for i in range(rank(), count, world_size()) if not self.path(i).is_file()]

    def path(self, index: int) -> Path:
        return self.folder / f"{index:06}.json"

    def finished(self) -> list[int]:
        """The pieces that any process has made."""
        return [int(path.stem) for path in self.folder.glob("[0-9]*.json")]

    def write(self, index: int, piece: Any) -> None:
        with replacing(self.path(index)) as draft:
            draft.write_text(json.dumps(piece), encoding="utf-8")

    def wait(self) -> None:
        """Until every process has made its pieces."""
        gathered(None)

    def read(self) -> Iterator[Any]:
        for index in range(self.count):
            yield json.loads(self.path(index).read_text(encoding="utf-8"))

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
